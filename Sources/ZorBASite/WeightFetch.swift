import Dispatch
import SwiftProtobuf
import ZorBA
import ZorBADiagnostics
import ZorBAOptimization
import ZorBASitePolicy
import ZorBAWire

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Brings the files that a site's weights are made from to where they are needed: the base model, or
/// a snapshot where that is allowed and faster.
struct WeightFetch: Sendable {
  let configuration: SiteConfiguration
  let run: String
  /// The last round a snapshot may be of.
  let round: UInt64
  let takesSnapshots: Bool
  /// Whether a snapshot is of no use without the base model.
  let needsBase: Bool
  let threads: Int?
  let observer: @Sendable (AgentNotice) -> Void

  private var hasOwnBase: Bool { if case .folder = configuration.model { true } else { false } }
  private var snapshotsFolder: String { "\(configuration.state)/snapshots" }

  /// Fetches what is needed and says what to make the weights from.
  ///
  /// - Throws: As `ModelDownload`.
  func complete(over connection: WireConnection) async throws -> WeightOrigin {
    if needsBase, !hasOwnBase { try await base(over: connection) }
    if takesSnapshots, let found = try await snapshot(over: connection) {
      let download = download(found)
      if try await pays(found, download, over: connection) {
        observer(.catchingUp(what: "a snapshot of round \(found.claim.round)"))
        removeOthers(than: download.folder)
        do {
          try await download.complete(over: connection)
          return .snapshot(folder: download.folder, found.claim)
        } catch let error as ZorBAError where error.code == .invalidModel {
          observer(.warning("the snapshot is not used: \(error)"))
        }
      }
    }
    removeOthers(than: "")
    if !hasOwnBase, !needsBase { try await base(over: connection) }
    return .base
  }

  // MARK: - The base model

  private func base(over connection: WireConnection) async throws {
    let description = try await connection.describeModel(.with { $0.run = run })
    try await baseDownload(description).complete(over: connection)
  }

  private func baseDownload(_ description: Zorba_V1_DescribeModelResponse) -> ModelDownload {
    ModelDownload(
      folder: "\(configuration.state)/model", run: run, description: description,
      observer: observer)
  }

  // MARK: - Snapshots

  private struct Found {
    var claim: SnapshotClaim
    var description: Zorba_V1_DescribeModelResponse
  }

  /// The newest snapshot; nil when the coordinator has none or hands out none.
  private func snapshot(over connection: WireConnection) async throws -> Found? {
    let description: Zorba_V1_DescribeModelResponse
    do {
      description = try await connection.describeModel(
        .with {
          $0.run = run
          $0.round = round
        })
    } catch let error as ZorBAError where error.wireFault == .permissionDenied {
      return nil
    }
    guard description.round > 0, description.round <= round,
      let claim = SnapshotClaim(description)
    else { return nil }
    return Found(claim: claim, description: description)
  }

  private func download(_ found: Found) -> ModelDownload {
    let chain = "\(found.claim.chain)".prefix(8)
    return ModelDownload(
      folder: "\(snapshotsFolder)/round-\(found.claim.round)-\(chain)", run: run,
      description: found.description, observer: observer)
  }

  /// Whether fetching a snapshot takes less time than replaying the rounds before it, where the base
  /// model may have to be fetched first.
  private func pays(
    _ found: Found, _ download: ModelDownload, over connection: WireConnection
  ) async throws -> Bool {
    guard configuration.snapshots == .auto else { return true }
    let missing = download.missingBytes
    var baseMissing: UInt64 = 0
    if !hasOwnBase {
      let description = try await connection.describeModel(.with { $0.run = run })
      baseMissing = baseDownload(description).missingBytes
    }
    // With about as much to fetch either way, replaying on top of it saves nothing.
    if missing <= baseMissing + baseMissing / 16 { return true }
    let seconds = try await replaySeconds(to: found.claim.round)
    // Not worth a question.
    if seconds < 1 { return false }
    guard let rate = try await download.measuredRate(over: connection), rate > 0 else {
      return true
    }
    return (Double(missing) - Double(baseMissing)) / rate < seconds
  }

  /// Seconds of arithmetic that the rounds before a snapshot would take here.
  private func replaySeconds(to round: Int) async throws -> Double {
    let path = "\(configuration.state)/run.zorba"
    let threads = threads ?? configuration.threads
    // Arithmetic keeps off the threads that run asynchronous code.
    return try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global(qos: .userInitiated).async {
        continuation.resume(
          with: Result { try ReplayEstimate(journalAt: path, to: round).seconds(threads: threads) })
      }
    }
  }

  /// Removes what earlier tries left of other snapshots.
  private func removeOthers(than folder: String) {
    let files = FileManager.default
    for name in (try? files.contentsOfDirectory(atPath: snapshotsFolder)) ?? []
    where "\(snapshotsFolder)/\(name)" != folder {
      try? files.removeItem(atPath: "\(snapshotsFolder)/\(name)")
    }
  }
}

extension SnapshotClaim {
  /// What a coordinator claims of a snapshot; nil when it does not say what its weights hash to.
  fileprivate init?(_ description: Zorba_V1_DescribeModelResponse) {
    guard let round = Int(exactly: description.round), !description.blockDigests.isEmpty,
      description.blockDigests.allSatisfy({ $0.count == Digest128.byteCount }),
      description.journalChain.count == Digest128.byteCount
    else { return nil }
    self.init(
      round: round, chain: Digest128(prefixOf: description.journalChain),
      state: StateDigest(blocks: description.blockDigests.map { Digest128(prefixOf: $0) }))
  }
}
