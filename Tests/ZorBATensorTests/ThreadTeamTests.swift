import Synchronization
import Testing
import ZorBATensor

/// Loops over a thread team: every index once, one call per worker at a time.
@Suite struct ThreadTeamTests {
  @Test(arguments: [1, 2, 5])
  func everyIndexIsVisitedOnce(_ threads: Int) throws {
    let team = try ThreadTeam(threads: threads)
    #expect(team.threadCount == threads)
    let visits = Mutex([Int]())
    for count in [0, 1, 2, 3, 7, 64, 1000] {
      visits.withLock { $0 = [Int](repeating: 0, count: count) }
      team.forEach(count) { index, _ in visits.withLock { $0[index] += 1 } }
      #expect(visits.withLock { $0.allSatisfy { $0 == 1 } })
    }
  }

  @Test(arguments: [1, 2, 5])
  func aWorkerNeverRunsTwoCallsAtOnce(_ threads: Int) throws {
    let team = try ThreadTeam(threads: threads)
    let running = (0..<threads).map { _ in Counter() }
    let overlaps = Counter()
    for _ in 0..<200 {
      team.forEach(37) { index, worker in
        if running[worker].value.wrappingAdd(1, ordering: .relaxed).oldValue != 0 {
          overlaps.value.wrappingAdd(1, ordering: .relaxed)
        }
        var spin = index
        for step in 0..<200 { spin = (spin &* 31) ^ step }
        if spin == .min { overlaps.value.wrappingAdd(1, ordering: .relaxed) }
        running[worker].value.wrappingSubtract(1, ordering: .relaxed)
      }
    }
    #expect(overlaps.value.load(ordering: .relaxed) == 0)
  }

  /// Writes of one loop are seen by the next on whatever thread: the team orders them.
  @Test(arguments: [2, 5])
  func loopsFollowEachOther(_ threads: Int) throws {
    let team = try ThreadTeam(threads: threads)
    var cells = [Int](repeating: 0, count: 101)
    for _ in 0..<3000 {
      cells.withUnsafeMutableBufferPointer { buffer in
        nonisolated(unsafe) let cells = buffer
        team.forEach(101) { index, _ in cells[index] += 1 }
      }
    }
    #expect(cells.allSatisfy { $0 == 3000 })
  }

  @Test func teamsComeAndGo() throws {
    for threads in [1, 2, 3, 4, 5, 2, 1] {
      let team = try ThreadTeam(threads: threads)
      let sum = Counter()
      team.forEach(10) { index, _ in sum.value.wrappingAdd(index, ordering: .relaxed) }
      #expect(sum.value.load(ordering: .relaxed) == 45)
    }
  }

  private final class Counter: Sendable {
    let value = Atomic<Int>(0)
  }
}
