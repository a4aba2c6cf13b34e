import Dispatch
import SwiftProtobuf
import Synchronization
import ZorBA
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJournal
import ZorBAWire

/// The one thread that does a site's arithmetic and file work, in order.
///
/// A round can take minutes. On the threads that run asynchronous code it would keep messages from
/// being read, so that a site could not even hear that its answer is no longer wanted.
final class SiteWorker: Sendable {
  private let queue = DispatchQueue(label: "zorba.site.worker", qos: .userInitiated)
  private let work: Mutex<SiteWork>
  private let isCancelled = Atomic<Bool>(false)
  private let report: @Sendable (SiteAgent.Input) -> Void

  /// - Parameters:
  ///   - work: What is done; used by this thread alone from here on.
  ///   - report: Hears of everything that is done.
  init(_ work: sending SiteWork, report: @escaping @Sendable (SiteAgent.Input) -> Void) {
    self.work = Mutex(work)
    self.report = report
  }

  /// Does a job after all that were given before.
  func enqueue(_ job: SiteJob) {
    // Asked for anew, so whatever was cancelled before is over.
    if case .compute = job { isCancelled.store(false, ordering: .relaxed) }
    queue.async { [self] in
      work.withLock { work in
        for input in perform(job, on: work) { report(input) }
      }
    }
  }

  /// Does a job after all that were given before, and returns when it is done: whoever brings work
  /// faster than it can be done waits.
  func finish(_ job: SiteJob) async {
    await withCheckedContinuation { done in
      queue.async { [self] in
        work.withLock { work in
          for input in perform(job, on: work) { report(input) }
        }
        done.resume()
      }
    }
  }

  /// Ends the computation under way at its next step.
  func cancel() { isCancelled.store(true, ordering: .relaxed) }

  private func perform(_ job: SiteJob, on work: SiteWork) -> [SiteAgent.Input] {
    do {
      return try attempt(job, on: work)
    } catch {
      return [Self.failure(of: job, error)]
    }
  }

  private func attempt(_ job: SiteJob, on work: SiteWork) throws -> [SiteAgent.Input] {
    switch job {
    case .introduce:
      let position = try work.position()
      return [
        .introduced(bytes: position.bytes, chain: position.chain, header: position.header)
      ]
    case .open:
      do {
        return [.opened(round: try work.lastRound())]
      } catch let error as ZorBAError where error.code == .invalidJournal {
        // A damaged copy is of no use: it is put aside, and the journal fetched anew.
        try work.putJournalAside()
        return [.damaged(error), .opened(round: nil)]
      }
    case .join(let run, let number, let header):
      work.join(run: run, number: number, header: header)
      return []
    case .putJournalAside:
      try work.putJournalAside()
      return []
    case .beginFetch: return [.fetchFrom(try work.beginFetch())]
    case .fetched(let bytes, let offset):
      try work.append(fetched: bytes, at: offset)
      return []
    case .endFetch: return [.event(.fetched(round: try work.endFetch()))]
    case .rebuild(let origin):
      work.forgetWeights()
      return [.event(.rebuilt(round: try work.catchUp(from: origin)))]
    case .replay:
      guard work.canCatchUp else {
        return [.event(.rebuildFailed(reason: "the weights were lost and must be fetched"))]
      }
      return [.event(.rebuilt(round: try work.catchUp()))]
    case .ready(let round, let tellsAll):
      return [.ready(try work.ready(round: round, tellsAll: tellsAll))]
    case .append(let record):
      try work.append(record)
      return [.event(.appended)]
    case .apply(let commit):
      try work.apply(commit)
      return [.event(.applied(round: Int(clamping: commit.round)))]
    case .beginCommit(let commit):
      guard let offset = try work.beginCommit(commit) else {
        return [.event(.applied(round: Int(clamping: commit.round)))]
      }
      return [.fetchCommit(commit, from: offset)]
    case .fetchedCommit(let bytes, let offset, let commit):
      try work.append(fetched: bytes, at: offset, of: commit)
      return []
    case .endCommit(let commit):
      // What failed was told when it did.
      guard work.isFetching(commit) else { return [] }
      try work.endCommit(commit)
      return [.event(.applied(round: Int(clamping: commit.round)))]
    case .outline(let ticket, let group):
      return [.outlined(ticket, try work.outline(ticket), try work.secureOutline(ticket, group))]
    case .compute(let ticket, let digestBlock):
      guard !isCancelled.load(ordering: .relaxed) else { return [.event(.computeStopped(ticket))] }
      let answer = try work.answer(ticket, digestBlock: digestBlock) { [self] in
        isCancelled.load(ordering: .relaxed)
      }
      guard let answer else { return [.event(.computeStopped(ticket))] }
      return [.answer(answer)]
    case .evaluate(let round, let test, let minimum, let segments):
      return [
        .evaluated(
          try work.evaluate(round: round, test: test, minimum: minimum, segments: segments))
      ]
    case .digests(let round):
      return [.digests(round: round, try work.stateDigests())]
    case .conclude: return [.concluded(digest: try work.stateDigestText())]
    }
  }

  /// What a failure means for the run: some the machine can mend, the rest the owner must.
  private static func failure(of job: SiteJob, _ error: any Error) -> SiteAgent.Input {
    if let fault = error as? SiteWork.LoadingFault { return .failure(fault.error) }
    let isFork = error is JournalFork
    let error =
      (error as? JournalFork)?.error ?? error as? ZorBAError
      ?? ZorBAError(.inputOutput, "\(error)")
    let isForeign = isFork || error.code == .invalidJournal || error.code == .invalidData
    return switch job {
    case .compute(let ticket, _), .outline(let ticket, _):
      .failedToAnswer(ticket, error)
    // Of a journal that went another way the next Hello tells.
    case .beginCommit(let commit), .fetchedCommit(_, _, let commit):
      .failedToKeep(error, .applyFailed(round: Int(clamping: commit.round)))
    case .apply(let commit), .endCommit(let commit):
      isForeign
        ? .event(.commitRefused(round: Int(clamping: commit.round)))
        : .failedToKeep(error, .applyFailed(round: Int(clamping: commit.round)))
    case .append: isForeign ? .event(.recordRefused) : .failedToKeep(error, .appendFailed)
    // A copy that could not be put aside is put aside at the next try.
    case .putJournalAside: .failedToKeep(error, .fetchFailed)
    case .beginFetch, .fetched, .endFetch:
      isForeign ? .event(.fetchFailed) : .failedToKeep(error, .fetchFailed)
    case .rebuild(.snapshot(let folder, _)) where isForeign || error.code.isOfModel:
      .snapshotRefused(error, folder: folder)
    case .rebuild, .replay:
      isForeign ? .event(.rebuildFailed(reason: "\(error)")) : .failure(error)
    case .evaluate(let round, _, _, _):
      .evaluated(
        .with {
          $0.round = round
          $0.absent = true
        })
    default: .failure(error)
    }
  }
}

extension ZorBAError.Code {
  /// Whether the fault is that of weights, so that others may do.
  fileprivate var isOfModel: Bool { self == .invalidModel || self == .unsupportedModel }
}
