import GRDB
import ZorBADiagnostics

extension CoordinatorStore {
  /// Keeps a request, in place of one of the same run; approvals of the one before go with it.
  package func save(_ request: StoredRequest) throws {
    let request = try request.checked()
    try write { db in
      try db.execute(sql: "DELETE FROM request WHERE run = ?", arguments: [request.run])
      try db.execute(
        sql: """
          INSERT INTO request
            (run, digest, configuration, requested_by, requested_at, required, released_at)
          VALUES (?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          request.run, request.digest, request.configuration, request.requestedBy,
          request.requestedAt, request.required, request.releasedAt,
        ])
      for approval in request.approvals { try Self.insert(approval, run: request.run, db) }
      guard let branch = request.branch else { return }
      try db.execute(
        sql: "INSERT INTO branch (run, source, round, chain) VALUES (?, ?, ?, ?)",
        arguments: [request.run, branch.source, branch.round, branch.chain])
    }
  }

  /// Adds an approval of just this digest.
  ///
  /// - Throws: `ZorBAError` `invalidConfiguration` when there is no request, or one of another digest;
  ///   `refused` when the approver asked for the run, or approved of it already.
  package func approve(
    _ run: String, digest: String, by approval: StoredRequest.Approval
  ) throws {
    let approval = try approval.checked()
    try write { db in
      guard let request = try Self.request(run, db) else {
        throw ZorBAError(
          .invalidConfiguration, "no run '\(run.excerpt())' waits for approval",
          at: .init(field: "run"), advice: "'zorba admin status' lists the runs.")
      }
      guard request.digest == digest else {
        throw ZorBAError(
          .invalidConfiguration,
          "the specification of run '\(run.excerpt())' has the digest \(request.digest), not "
            + digest.excerpt(), at: .init(field: "digest"),
          advice: "Look at what the run is now before you approve it.")
      }
      guard request.requestedBy != approval.approver else {
        throw ZorBAError(
          .refused, "whoever asks for a run cannot approve it",
          advice: "Ask somebody else with the role approver.")
      }
      guard !request.approvals.contains(where: { $0.approver == approval.approver }) else {
        throw ZorBAError(.refused, "\(approval.approver) has approved this run already")
      }
      try Self.insert(approval, run: run, db)
    }
  }

  /// Notes that a run that was asked for has begun.
  package func release(_ run: String, at time: Double) throws {
    let time = try ValueChecks("request").finite(time, "released_at")
    try write { db in
      try db.execute(
        sql: "UPDATE request SET released_at = ? WHERE run = ?", arguments: [time, run])
    }
  }

  /// The request of a run; nil when there is none.
  package func request(of run: String) throws -> StoredRequest? {
    try read { db in try Self.request(run, db) }
  }

  /// All requests, in the order of their runs' names.
  package func requests() throws -> [StoredRequest] {
    try read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM request ORDER BY run").map { row in
        let run = try ColumnReader(row, "request").text("run")
        return try StoredRequest(
          row, approvals: Self.approvals(of: run, db), branch: Self.branch(of: run, db))
      }
    }
  }

  private static func request(_ run: String, _ db: Database) throws -> StoredRequest? {
    try Row.fetchOne(db, sql: "SELECT * FROM request WHERE run = ?", arguments: [run])
      .map { try StoredRequest($0, approvals: approvals(of: run, db), branch: branch(of: run, db)) }
  }

  private static func approvals(of run: String, _ db: Database) throws -> [Row] {
    try Row.fetchAll(
      db, sql: "SELECT * FROM approval WHERE run = ? ORDER BY approved_at, approver",
      arguments: [run])
  }

  private static func branch(of run: String, _ db: Database) throws -> Row? {
    try Row.fetchOne(db, sql: "SELECT * FROM branch WHERE run = ?", arguments: [run])
  }

  private static func insert(
    _ approval: StoredRequest.Approval, run: String, _ db: Database
  ) throws {
    try db.execute(
      sql: "INSERT INTO approval (run, approver, approved_at) VALUES (?, ?, ?)",
      arguments: [run, approval.approver, approval.time])
  }
}
