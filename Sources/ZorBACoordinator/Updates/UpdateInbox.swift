import Synchronization
import ZorBADiagnostics
package import ZorBAOptimization

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Dense updates of a run's sites on their way in: a file a site, no larger than was declared.
///
/// An upload is of one round and known by its digest; one that broke off goes on where it ended as
/// long as the process lives. Another declaration of the same site takes the place of an earlier
/// one. Nothing here survives a restart: sites send their updates again.
package final class UpdateInbox: Sendable {
  /// What a site says that it sends.
  package struct Declaration: Sendable, Hashable {
    /// From 1.
    package var round: Int
    package var byteCount: Int
    /// As the journal would have it: `DenseDelta.digest`.
    package var digest: Digest128

    package init(round: Int, byteCount: Int, digest: Digest128) {
      self.round = round
      self.byteCount = byteCount
      self.digest = digest
    }
  }

  private struct Upload {
    let declaration: Declaration
    /// Of the bytes that are there.
    var hash: DenseHash
    var held = 0
    var isComplete = false
    /// Names who may add to it.
    var receiver: UInt64
    /// Whether the next piece is the first again.
    var restarts = false
  }

  private struct State {
    var uploads: [Int: Upload] = [:]
    var lastReceiver: UInt64 = 0
    /// Bytes of updates that came in whole, by client.
    var received: [Int: UInt64] = [:]
  }

  /// Where the files are.
  package let folder: String
  private let encoding: DenseEncoding
  private let state = Mutex(State())

  /// - Parameter encoding: How the run's updates are written.
  package init(folder: String, encoding: DenseEncoding) {
    self.folder = folder
    self.encoding = encoding
  }

  /// Begins or goes on with an upload.
  ///
  /// - Parameters:
  ///   - client: From 0.
  ///   - offset: Where the first piece stands: where the bytes that are held end, or 0.
  /// - Throws: `ZorBAError` with code `invalidData` when bytes before the offset are lacking, with code
  ///   `inputOutput` when there can be no file.
  package func receive(
    _ declaration: Declaration, of client: Int, from offset: Int
  ) throws -> UpdateReceiver {
    let receiver = try state.withLock { state in
      state.lastReceiver += 1
      let receiver = state.lastReceiver
      if var known = state.uploads[client], known.declaration == declaration {
        guard offset == 0 || offset == known.held else {
          throw Self.gap(offset, held: known.held)
        }
        known.receiver = receiver
        known.restarts = offset == 0
        state.uploads[client] = known
        return receiver
      }
      guard offset == 0 else { throw Self.gap(offset, held: 0) }
      try? FileManager.default.removeItem(atPath: path(of: client))
      try Self.make(folder)
      state.uploads[client] = Upload(
        declaration: declaration, hash: DenseHash(encoding), receiver: receiver)
      return receiver
    }
    return try UpdateReceiver(inbox: self, client: client, number: receiver)
  }

  /// Bytes that are here of a declared update, from its beginning.
  package func held(_ declaration: Declaration, of client: Int) -> Int {
    state.withLock { state in
      guard let upload = state.uploads[client], upload.declaration == declaration else { return 0 }
      return upload.held
    }
  }

  /// Bytes that are here of whatever a client sends; nil when it sends nothing.
  package func heldBytes(of client: Int) -> Int? {
    state.withLock { $0.uploads[client]?.held }
  }

  /// The file of an update that came in whole and is what was declared; nil otherwise.
  package func file(of client: Int, round: Int, digest: Digest128) -> String? {
    state.withLock { state in
      guard let upload = state.uploads[client], upload.isComplete,
        upload.declaration.round == round, upload.declaration.digest == digest
      else { return nil }
      return path(of: client)
    }
  }

  /// Bytes of updates of a client that came in whole in this process's life.
  package func receivedBytes(of client: Int) -> UInt64 {
    state.withLock { $0.received[client] ?? 0 }
  }

  /// Removes all updates, also those that are still coming: their senders are told.
  package func clear() {
    state.withLock { $0.uploads = [:] }
    try? FileManager.default.removeItem(atPath: folder)
  }

  func path(of client: Int) -> String { "\(folder)/\(client + 1)" }

  /// Adds a piece, if its sender is still the one who may.
  ///
  /// - Parameter write: Puts it into the file, behind what is held.
  func append(
    _ piece: Data, of client: Int, by receiver: UInt64,
    write: (_ bytes: UnsafeRawBufferPointer, _ offset: Int) throws -> Void
  ) throws {
    // Nobody else touches the file of this client, so the piece is written outside of the lock.
    var upload = try mine(client, receiver)
    if upload.restarts {
      (upload.held, upload.hash, upload.isComplete) = (0, DenseHash(encoding), false)
      upload.restarts = false
    }
    guard !upload.isComplete, piece.count <= upload.declaration.byteCount - upload.held else {
      try forget(client, by: receiver)
      throw ZorBAError(
        .invalidData,
        "more bytes came than the \(upload.declaration.byteCount) that were declared",
        at: .init(field: "piece"))
    }
    do {
      try piece.withUnsafeBytes { try write($0, upload.held) }
    } catch {
      try forget(client, by: receiver)
      throw error
    }
    piece.withUnsafeBytes { upload.hash.update($0) }
    upload.held += piece.count
    try state.withLock { state in
      guard state.uploads[client]?.receiver == receiver else { throw Self.overtaken() }
      state.uploads[client] = upload
    }
  }

  /// Ends an upload; checks it when all of it is here.
  ///
  /// - Returns: Bytes that are held.
  func finish(_ client: Int, by receiver: UInt64) throws -> Int {
    let upload = try mine(client, receiver)
    guard upload.held == upload.declaration.byteCount, !upload.isComplete else {
      return upload.held
    }
    let found = upload.hash.digest
    guard found == upload.declaration.digest else {
      try forget(client, by: receiver)
      throw ZorBAError(
        .invalidData,
        "the update hashes to \(found), not to \(upload.declaration.digest) as was declared",
        at: .init(field: "digest"), advice: "Its bytes were changed on the way: send it again.")
    }
    state.withLock { state in
      guard state.uploads[client]?.receiver == receiver else { return }
      state.uploads[client]?.isComplete = true
      state.received[client, default: 0] &+= UInt64(clamping: upload.held)
    }
    return upload.held
  }

  private func mine(_ client: Int, _ receiver: UInt64) throws -> Upload {
    try state.withLock { state in
      guard let upload = state.uploads[client], upload.receiver == receiver else {
        throw Self.overtaken()
      }
      return upload
    }
  }

  /// Removes an upload that is of no use.
  private func forget(_ client: Int, by receiver: UInt64) throws {
    state.withLock { state in
      guard state.uploads[client]?.receiver == receiver else { return }
      state.uploads[client] = nil
      try? FileManager.default.removeItem(atPath: path(of: client))
    }
  }

  private static func make(_ folder: String) throws {
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
    } catch {
      throw ZorBAError(
        .inputOutput, "cannot be made", at: .init(file: folder),
        advice: "Check the permissions of the run's folder and the disk.", cause: error)
    }
  }

  private static func gap(_ offset: Int, held: Int) -> ZorBAError {
    ZorBAError(
      .invalidData, "the upload goes on at byte \(offset); \(held) bytes are here",
      at: .init(field: "offset"), advice: "Ask what is held, or begin at 0.")
  }

  private static func overtaken() -> ZorBAError {
    ZorBAError(.interrupted, "the update is not wanted any more")
  }
}
