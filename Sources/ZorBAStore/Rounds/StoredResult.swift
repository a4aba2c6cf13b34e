import GRDB
import ZorBADiagnostics

/// What one site answered in a committed round, whether or not it counted.
package struct StoredResult: Hashable, Sendable {
  package var site: String
  package var scalars: ScalarBlob
  package var examples: Int
  /// Nil for a loss that is not finite, which no accepted result has.
  package var loss: Double?
  /// Seconds of arithmetic at the site.
  package var seconds: Double
  /// Nil where the site did not say.
  package var peakMemoryMiB: Int?
  package var accepted: Bool
  /// Why it was rejected, for people; cut off where it gets long.
  package var reason: String

  package init(
    site: String, scalars: ScalarBlob, examples: Int, loss: Double?, seconds: Double,
    peakMemoryMiB: Int? = nil, accepted: Bool = true, reason: String = ""
  ) {
    self.site = site
    self.scalars = scalars
    self.examples = examples
    self.loss = loss
    self.seconds = seconds
    self.peakMemoryMiB = peakMemoryMiB
    self.accepted = accepted
    self.reason = reason
  }

  /// Reads a row of `result` with the site's name as `site`.
  init(_ row: Row) throws {
    let columns = ColumnReader(row, "result")
    self = try StoredResult(
      site: columns.text("site"), scalars: ScalarBlob(bytes: columns.bytes("scalars")),
      examples: columns.integer("examples"), loss: columns.doubleIfPresent("loss"),
      seconds: columns.double("seconds"),
      peakMemoryMiB: columns.integerIfPresent("peak_memory_mib"),
      accepted: columns.flag("accepted"), reason: columns.text("reason")
    ).checked()
  }

  /// The result with its reason cut to length.
  ///
  /// - Throws: `ZorBAError` naming the value that cannot be.
  func checked() throws -> StoredResult {
    let checks = ValueChecks("result")
    var result = self
    result.site = try checks.name(site, "site")
    result.examples = try checks.count(examples, "examples")
    result.loss = try loss.map { try checks.finite($0, "loss") }
    result.seconds = try checks.measure(seconds, "seconds")
    result.peakMemoryMiB = try peakMemoryMiB.map { try checks.count($0, "peak_memory_mib") }
    result.reason = checks.prose(reason)
    guard !accepted || (loss != nil && scalars.scalars.allSatisfy(\.isFinite)) else {
      throw checks.failure("accepted", "a result of '\(site)' that is not finite was accepted")
    }
    return result
  }
}
