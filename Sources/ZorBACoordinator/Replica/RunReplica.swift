import Dispatch
import Synchronization
import ZorBA
import ZorBADiagnostics
import ZorBAJournal
import ZorBAOptimization

/// A replica of a run's model that follows the run on a thread of its own.
///
/// The run tells it what is committed and goes on; nothing in a round waits for it. When it falls
/// behind it catches up, many rounds in one pass.
package final class RunReplica: Sendable {
  /// The run's snapshots.
  package let shelf: SnapshotShelf

  private let feed: Mutex<ReplicaFeed>
  private let work: Mutex<ReplicaWork>
  private let queue = DispatchQueue(label: "zorba.replica", qos: .utility)
  private let report = Mutex<(@Sendable (ReplicaReport, _ history: Int) async -> Void)?>(nil)
  /// Whether the thread has something to do, or ended because of a fault.
  private let state = Mutex(State())

  private struct State {
    /// Whether there is somebody to tell; what comes before waits.
    var isStarted = false
    var isBusy = false
    var isCalled = false
    var hasFailed = false
    /// Reports that nobody has taken note of yet.
    var undelivered = 0
  }

  /// - Parameters:
  ///   - reach: The journal's last round.
  ///   - evaluated: Rounds whose evaluation on the coordinator's rows is known.
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the run's model is a card.
  init(
    _ blueprint: RunBlueprint, folder: RunFolder, store: RunStore, options: ReplicaOptions,
    reach: Int, evaluated: Set<Int>
  ) throws {
    guard !blueprint.configuration.model.hasSuffix(".json") else {
      throw ZorBAError(
        .invalidConfiguration, "a replica needs the weights of the base model, not a card",
        at: .init(field: "model"), advice: "Name the checkpoint's folder, or leave --replica out.")
    }
    shelf = SnapshotShelf(folder: "\(folder.path)/snapshots", store: store)
    feed = Mutex(ReplicaFeed(reach: reach))
    work = Mutex(
      ReplicaWork(
        blueprint, journal: folder.journal, shelf: shelf, options: options, evaluated: evaluated))
  }

  /// Begins to follow.
  ///
  /// - Parameter report: Hears of what the replica finds, and in which history of the run.
  func start(report: @escaping @Sendable (ReplicaReport, _ history: Int) async -> Void) {
    self.report.withLock { $0 = report }
    state.withLock { $0.isStarted = true }
    call()
  }

  /// Counts the histories of the run: reports of an earlier one do not count.
  var history: Int { feed.withLock { $0.history } }

  /// A round is durable.
  func committed(_ round: CommittedRound, chain: Digest128) {
    committed(.init(change: .scalar(round), chain: chain))
  }

  /// A dense round is durable.
  func committed(_ round: DenseRound, changes: [UInt8], chain: Digest128) {
    committed(.init(change: .dense(round, changes: changes), chain: chain))
  }

  private func committed(_ step: ReplicaFeed.Step) {
    feed.withLock { $0.committed(step) }
    call()
  }

  /// The journal was taken back to a round.
  func rolledBack(to round: Int) {
    feed.withLock { $0.rolledBack(to: round) }
    shelf.remove(after: round)
    state.withLock { $0.hasFailed = false }
    call()
  }

  /// Asks for what the weights hash to after a round.
  func tellState(of round: Int) {
    feed.withLock { $0.stateWanted = round }
    call()
  }

  /// Whether nothing is left to do, and all that was found has been taken note of.
  package var isSettled: Bool { state.withLock { !$0.isBusy && $0.undelivered == 0 } }

  private func call() {
    let mustStart = state.withLock { state in
      state.isCalled = true
      guard state.isStarted, !state.isBusy, !state.hasFailed else { return false }
      state.isBusy = true
      return true
    }
    guard mustStart else { return }
    queue.async { [self] in follow() }
  }

  private func follow() {
    guard let report = report.withLock({ $0 }) else { return }
    let surroundings = ReplicaWork.Surroundings(
      feed: { [self] change in feed.withLock { change(&$0) } },
      report: { [self] found, history in
        state.withLock { $0.undelivered += 1 }
        Task {
          await report(found, history)
          state.withLock { $0.undelivered -= 1 }
        }
      })
    work.withLock { work in
      repeat {
        state.withLock { $0.isCalled = false }
        do {
          while try work.advance(surroundings) {}
        } catch {
          // Of a journal that was taken back meanwhile nothing can be said.
          if work.history != history { continue }
          state.withLock { $0.hasFailed = true }
          surroundings.report(.warning("the replica of the model has ended: \(error)"), history)
        }
      } while state.withLock { state in
        let goesOn = state.isCalled && !state.hasFailed
        state.isBusy = goesOn
        return goesOn
      }
    }
  }
}
