import GRDB
import ZorBADiagnostics

/// What SQLite and GRDB report, as errors a person can act on.
enum StoreFault {
  /// Runs `body`; whatever it throws leaves as a `ZorBAError` that names the file.
  static func naming<Value>(_ path: String?, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch var error as ZorBAError {
      // A value read from the file is wrong: say which file.
      if error.code == .invalidData, error.location.file == nil {
        error.location.file = path
        error.advice = error.advice ?? Self.restore
      }
      throw error
    } catch let error as DatabaseError {
      throw translated(error, path)
    } catch {
      throw ZorBAError(
        .inputOutput, "the store failed", at: .init(file: path), advice: Self.restore, cause: error)
    }
  }

  /// The file contradicts itself.
  static func damage(_ path: String?, _ finding: String) -> ZorBAError {
    ZorBAError(
      .invalidData, "the store is damaged: \(finding.excerpt(limit: 200))", at: .init(file: path),
      advice: restore)
  }

  private static let restore =
    "Restore a copy of it, or move it away and start with --rebuild: the journals of the runs are "
    + "intact, and they hold the models."

  private static func translated(_ error: DatabaseError, _ path: String?) -> ZorBAError {
    let detail = (error.message ?? "\(error.resultCode)").excerpt(limit: 200)
    switch error.resultCode {
    case .SQLITE_FULL:
      return inputOutput(
        "there is no room for the store: \(detail)", path,
        "Nothing of this change was kept. Make room on the disk; the store goes on by itself.")
    case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN, .SQLITE_AUTH:
      return inputOutput(
        "the store cannot be written: \(detail)", path,
        "The coordinator's own user must be able to write the file and its folder.")
    case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL:
      return inputOutput(
        "another program keeps the store locked: \(detail)", path,
        "Close it; a backup should copy the file with sqlite3's .backup.")
    case .SQLITE_IOERR, .SQLITE_NOLFS:
      return inputOutput(
        "the disk failed the store: \(detail)", path,
        "Nothing of this change was kept. Check the disk and the free room on it.")
    case .SQLITE_NOMEM, .SQLITE_INTERRUPT, .SQLITE_ABORT, .SQLITE_MISUSE, .SQLITE_TOOBIG:
      return inputOutput("the store did not answer: \(detail)", path, nil)
    default:
      // CORRUPT, NOTADB, FORMAT; ERROR and SCHEMA for a table or column that somebody changed;
      // CONSTRAINT, because what callers give is checked before it gets here.
      return damage(path, detail)
    }
  }

  private static func inputOutput(
    _ message: String, _ path: String?, _ advice: String?
  ) -> ZorBAError {
    ZorBAError(.inputOutput, message, at: .init(file: path), advice: advice)
  }
}
