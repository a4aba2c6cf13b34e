import CZorBAKernels
import Synchronization
import ZorBADiagnostics

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A fixed set of threads for data-parallel loops.
///
/// `@unchecked Sendable`: the C team is entered under a lock, one loop at a time.
package final class ThreadTeam: @unchecked Sendable {
  private let team: OpaquePointer
  private let entry = Mutex<Void>(())

  /// Threads in the team, the caller included.
  package let threadCount: Int

  /// Starts the team; nil uses every processor.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput` when the threads cannot be started.
  package init(threads: Int? = nil) throws {
    let wanted = max(1, threads ?? ProcessInfo.processInfo.activeProcessorCount)
    guard let team = zk_team_create(wanted) else {
      throw ZorBAError(
        .inputOutput, "cannot start \(wanted) threads", at: .init(field: "threads"),
        advice: "Ask for fewer with --threads.")
    }
    self.team = team
    self.threadCount = wanted
  }

  deinit { zk_team_destroy(team) }

  /// Calls `body(index, worker)` for every index below `count`, spread over the team.
  ///
  /// `worker` is below `threadCount` and no two calls with the same worker overlap, so it may index
  /// per-thread scratch. Nested calls from `body` are a programmer error.
  package func forEach(_ count: Int, _ body: (_ index: Int, _ worker: Int) -> Void) {
    withoutActuallyEscaping(body) { escaping in
      let box = Box(escaping)
      entry.withLock { _ in
        zk_team_run(
          team, count,
          { context, index, worker in
            guard let context else { return }
            Unmanaged<Box>.fromOpaque(context).takeUnretainedValue().body(index, worker)
          }, Unmanaged.passUnretained(box).toOpaque())
      }
      withExtendedLifetime(box) {}
    }
  }

  private final class Box {
    let body: (Int, Int) -> Void
    init(_ body: @escaping (Int, Int) -> Void) { self.body = body }
  }
}
