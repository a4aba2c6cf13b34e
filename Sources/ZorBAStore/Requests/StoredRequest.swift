import GRDB
import ZorBADiagnostics

/// A run that somebody asked for and others must agree to.
package struct StoredRequest: Hashable, Sendable {
  /// Who agreed, and when.
  package struct Approval: Hashable, Sendable {
    /// The URI in the approver's certificate.
    package var approver: String
    /// Seconds since 1970.
    package var time: Double

    package init(approver: String, time: Double) {
      self.approver = approver
      self.time = time
    }
  }

  /// Where a run begins that goes on from another one.
  package struct Branch: Hashable, Sendable {
    /// The other run's name.
    package var source: String
    /// The last round that the two have in common.
    package var round: Int
    /// The chain value of the other run's journal after that round, in hexadecimal digits: which
    /// history was asked for.
    package var chain: String

    package init(source: String, round: Int, chain: String) {
      self.source = source
      self.round = round
      self.chain = chain
    }
  }

  /// The name that the run has, or will have.
  package var run: String
  /// SHA-256 of the specification, 64 lower-case hexadecimal digits.
  package var digest: String
  /// The text of RUN.yaml as it was asked for.
  package var configuration: String
  /// The URI of whoever asked, or `local`.
  package var requestedBy: String
  /// Seconds since 1970.
  package var requestedAt: Double
  /// Approvals without which it does not begin.
  package var required: Int
  /// When it began; nil while it waits.
  package var releasedAt: Double?
  /// In the order in which they came.
  package var approvals: [Approval] = []
  /// Nil for a run that begins at its base model.
  package var branch: Branch?

  package init(
    run: String, digest: String, configuration: String, requestedBy: String, requestedAt: Double,
    required: Int, releasedAt: Double? = nil, approvals: [Approval] = [], branch: Branch? = nil
  ) {
    self.run = run
    self.digest = digest
    self.configuration = configuration
    self.requestedBy = requestedBy
    self.requestedAt = requestedAt
    self.required = required
    self.releasedAt = releasedAt
    self.approvals = approvals
    self.branch = branch
  }

  /// Approvals of others than whoever asked.
  package var counted: Int { Set(approvals.map(\.approver)).subtracting([requestedBy]).count }

  init(_ row: Row, approvals: [Row], branch: Row?) throws {
    let columns = ColumnReader(row, "request")
    self = try StoredRequest(
      run: columns.text("run"), digest: columns.text("digest"),
      configuration: columns.text("configuration"), requestedBy: columns.text("requested_by"),
      requestedAt: columns.double("requested_at"), required: columns.integer("required"),
      releasedAt: columns.doubleIfPresent("released_at"),
      approvals: approvals.map { row in
        let columns = ColumnReader(row, "approval")
        return try Approval(
          approver: columns.text("approver"), time: columns.double("approved_at"))
      },
      branch: branch.map { row in
        let columns = ColumnReader(row, "branch")
        return try Branch(
          source: columns.text("source"), round: columns.integer("round"),
          chain: columns.text("chain"))
      }
    ).checked()
  }

  /// - Throws: `ZorBAError` naming the value that cannot be.
  func checked() throws -> StoredRequest {
    let checks = ValueChecks("request")
    var request = self
    request.run = try checks.name(run, "run")
    request.digest = try Self.digest(digest, checks)
    request.configuration = try checks.text(configuration, "configuration")
    request.requestedBy = try checks.text(requestedBy, "requested_by", limit: 256)
    request.requestedAt = try checks.finite(requestedAt, "requested_at")
    request.required = try checks.count(required, "required")
    request.releasedAt = try releasedAt.map { try checks.finite($0, "released_at") }
    request.approvals = try approvals.map { try $0.checked() }
    request.branch = try branch?.checked()
    return request
  }

  static func digest(_ text: String, _ checks: ValueChecks) throws -> String {
    let digits = Array("0123456789abcdef".utf8)
    guard text.utf8.count == 64, text.utf8.allSatisfy({ digits.contains($0) }) else {
      throw checks.failure("digest", "'\(text.excerpt())' is no SHA-256 digest")
    }
    return text
  }
}

extension StoredRequest.Branch {
  func checked() throws -> StoredRequest.Branch {
    let checks = ValueChecks("branch")
    return StoredRequest.Branch(
      source: try checks.name(source, "source"), round: try checks.count(round, "round"),
      chain: try checks.text(chain, "chain", limit: 64))
  }
}

extension StoredRequest.Approval {
  func checked() throws -> StoredRequest.Approval {
    let checks = ValueChecks("approval")
    return StoredRequest.Approval(
      approver: try checks.text(approver, "approver", limit: 256),
      time: try checks.finite(time, "approved_at"))
  }
}
