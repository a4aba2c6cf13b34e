import ZorBADiagnostics

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Keeps a second benchmark out of a folder.
///
/// Runs inherit the lock on purpose: those of a benchmark that was killed keep the folder until they
/// have ended, so that no cell is written by two.
package final class FolderLock {
  private let descriptor: Int32

  /// Makes the folder if need be and locks it.
  ///
  /// - Throws: `ZorBAError` with code `refused` when somebody else is at work there, with code
  ///   `inputOutput` when it cannot be made.
  package init(_ folder: String) throws {
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw ZorBAError(
        .inputOutput, "the folder cannot be made", at: .init(file: folder),
        advice: "Check the permissions, or let 'out' name another folder.", cause: error)
    }
    descriptor = open("\(folder)/lock", O_RDWR | O_CREAT, 0o600)
    guard descriptor >= 0 else {
      throw ZorBAError(
        .inputOutput, "cannot be written: \(String(cString: strerror(errno)))",
        at: .init(file: "\(folder)/lock"))
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw ZorBAError(
        .refused, "another benchmark, or a run it left behind, is writing here",
        at: .init(file: folder), advice: "Wait for it to end, or choose another folder with --out.")
    }
  }

  deinit { close(descriptor) }
}
