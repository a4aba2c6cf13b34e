import GRDB
import ZorBADiagnostics

/// A copy of the weights as of a round, kept in a folder for sites that are far behind.
package struct StoredSnapshot: Hashable, Sendable {
  package var round: Int
  package var folder: String
  package var bytes: Int

  package init(round: Int, folder: String, bytes: Int) {
    self.round = round
    self.folder = folder
    self.bytes = bytes
  }

  init(_ row: Row) throws {
    let columns = ColumnReader(row, "snapshot")
    self = try StoredSnapshot(
      round: columns.integer("round"), folder: columns.text("folder"),
      bytes: columns.integer("bytes")
    ).checked()
  }

  /// - Throws: `ZorBAError` naming the value that cannot be.
  func checked() throws -> StoredSnapshot {
    let checks = ValueChecks("snapshot")
    _ = try checks.count(round, "round")
    _ = try checks.text(folder, "folder", limit: 4096)
    _ = try checks.count(bytes, "bytes")
    return self
  }
}
