import SwiftProtobuf
import Synchronization
import ZorBADiagnostics
import ZorBAFederation
import ZorBAWire

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Dense updates: one goes up at a time, rounds come down as pieces of the journal.
extension SiteLink {
  /// Bytes of a piece of an update.
  private static let pieceBytes = 1 << 18

  /// Fetches a dense round, to where the coordinator said that it ends.
  func fetchCommit(
    _ commit: Zorba_V1_Commit, run: String, from offset: Int, into worker: SiteWorker
  ) {
    let failed = SiteAgent.Input.event(.applyFailed(round: Int(clamping: commit.round)))
    call { [self] in
      guard let connection else { return post(failed) }
      do {
        let place = Mutex(offset)
        try await connection.fetchJournal(
          .with {
            $0.run = run
            $0.offset = UInt64(offset)
            $0.end = commit.journalBytes
          }
        ) { piece in
          let start = place.withLock { place in
            defer { place += piece.count }
            return place
          }
          await worker.finish(.fetchedCommit(Array(piece), at: start, commit))
        }
        worker.enqueue(.endCommit(commit))
      } catch {
        observer(.warning("round \(commit.round) cannot be fetched: \(error)"))
        post(failed)
      }
    }
  }

  /// Uploads an update; one that is under way is given up for it.
  ///
  /// - Parameters:
  ///   - asks: Whether to ask first what the coordinator holds of it already.
  ///   - number: That of the upload.
  func upload(
    _ declaration: Zorba_V1_UpdateDeclaration, _ update: [UInt8], asks: Bool, number: Int,
    beforePiece: @escaping @Sendable (_ offset: Int) async -> Void
  ) {
    replaceUpload { [self] in
      do {
        guard let connection else {
          throw ZorBAError(.interrupted, "the connection ended before the update was sent")
        }
        var declaration = declaration
        if asks { declaration.offset = try await connection.uploadUpdate(declaration) { _ in } }
        if declaration.offset < declaration.bytes {
          let first = Int(clamping: declaration.offset)
          let held = try await connection.uploadUpdate(declaration) { send in
            for start in stride(from: first, to: update.count, by: Self.pieceBytes) {
              await beforePiece(start)
              try await send(Data(update[start..<min(start + Self.pieceBytes, update.count)]))
            }
          }
          guard held == declaration.bytes else {
            throw ZorBAError(
              .interrupted, "\(held) of the \(declaration.bytes) bytes of the update arrived")
          }
        }
        post(.uploaded(number, nil))
      } catch is CancellationError {
      } catch {
        post(.uploaded(number, error as? ZorBAError ?? ZorBAError(.inputOutput, "\(error)")))
      }
    }
  }
}
