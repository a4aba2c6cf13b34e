import ZorBADiagnostics

#if canImport(FoundationEssentials)
  package import FoundationEssentials
#else
  package import Foundation
#endif
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// One call's end of an upload: puts pieces into the file, in order; used by one task at a time.
package final class UpdateReceiver: Sendable {
  private let inbox: UpdateInbox
  private let client: Int
  private let number: UInt64
  private let descriptor: Int32

  init(inbox: UpdateInbox, client: Int, number: UInt64) throws {
    self.inbox = inbox
    self.client = client
    self.number = number
    let path = inbox.path(of: client)
    descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    if descriptor < 0 { throw Self.fault("cannot be made", path) }
  }

  deinit { close(descriptor) }

  /// Adds a piece.
  ///
  /// - Throws: `ZorBAError` with code `invalidData` when more comes than was declared, `inputOutput` when
  ///   it cannot be written, `interrupted` when nobody wants the update any more.
  package func append(_ piece: Data) throws {
    try inbox.append(piece, of: client, by: number) { [self] bytes, offset in
      var written = 0
      while written < bytes.count {
        let count = pwrite(
          descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written,
          off_t(offset + written))
        if count > 0 {
          written += count
        } else if errno != EINTR {
          throw Self.fault("cannot be written", inbox.path(of: client))
        }
      }
    }
  }

  /// Ends the call's part.
  ///
  /// - Returns: Bytes of the update that are here.
  /// - Throws: `ZorBAError` with code `invalidData` when all are here and are not what was declared; they
  ///   are removed.
  package func finish() throws -> Int { try inbox.finish(client, by: number) }

  private static func fault(_ message: String, _ path: String) -> ZorBAError {
    ZorBAError(
      .inputOutput, "\(message): \(String(cString: strerror(errno)))", at: .init(file: path),
      advice: "Check the permissions of the run's folder and the disk.")
  }
}
