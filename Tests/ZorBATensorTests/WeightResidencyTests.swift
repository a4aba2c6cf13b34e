import Synchronization
import Testing
import ZorBATensor
import ZorBATestSupport

/// Memory that writes down the advice it is given.
private final class RecordedMemory: PagedMemory {
  enum Advice: Equatable {
    case willNeed(Range<Int>)
    case drop(Range<Int>)
  }

  let buffer: AlignedBuffer
  let log = Mutex<[Advice]>([])

  init(byteCount: Int) throws { buffer = try AlignedBuffer(byteCount: byteCount) }

  var bytes: UnsafeMutableRawPointer { buffer.bytes }
  var byteCount: Int { buffer.byteCount }

  func willNeed(_ range: Range<Int>) { log.withLock { $0.append(.willNeed(range)) } }
  func drop(_ range: Range<Int>) { log.withLock { $0.append(.drop(range)) } }

  /// What was advised since the last call.
  func taken() -> [Advice] {
    log.withLock { log in
      defer { log = [] }
      return log
    }
  }
}

@Suite struct WeightResidencyTests {
  private static let span = WeightResidency.faultSpan

  private func residency(
    _ sizes: [Int], passing: [Int]? = nil
  ) throws -> (WeightResidency, RecordedMemory, [Range<Int>]) {
    var extents: [Range<Int>] = []
    for size in sizes {
      let start = extents.last?.upperBound ?? 0
      extents.append(start..<start + size * Self.span)
    }
    let memory = try RecordedMemory(byteCount: extents.last?.upperBound ?? 0)
    let residency = WeightResidency(
      memory: memory, extents: extents, passing: passing ?? extents.map(\.count)
    ) { try RecordedMemory(byteCount: $0) }
    return (residency, memory, extents)
  }

  /// Follows passes over random models: what is touched, what advice brings in, what it takes out.
  @Test func passesFetchAheadDropBehindAndStayWithinTheirRoom() throws {
    var random = SeededGenerator(seed: 3)
    for _ in 0..<300 {
      let count = Int.random(in: 2...12, using: &random)
      let sizes = (0..<count).map { $0 == 0 ? 6 : Int.random(in: 1...3, using: &random) }
      let (residency, memory, extents) = try residency(sizes)
      let capacity = Int.random(
        in: residency.leastCapacity...residency.leastCapacity * 4, using: &random)
      residency.capacity = capacity
      var present: Set<Int> = []
      func follow(_ fetched: inout Set<Int>) {
        for advice in memory.taken() {
          switch advice {
          case .willNeed(let range):
            if let block = extents.firstIndex(of: range) { fetched.insert(block) }
          case .drop(let range):
            present = present.filter { !range.contains(extents[$0].lowerBound) }
          }
        }
      }
      for _ in 0..<3 {
        var fetched: Set<Int> = []
        let active = Set((0..<count).filter { _ in Bool.random(using: &random) })
        residency.focus(on: active)
        follow(&fetched)
        #expect(present.allSatisfy { !residency.policy.isStreamed($0) })
        var previous: Int?
        for block in Array(0..<count) + [0] {
          residency.move(from: previous, to: block)
          follow(&fetched)
          if block > 0, residency.policy.isStreamed(block) {
            #expect(fetched.contains(block), "block \(block) was not fetched ahead")
          }
          present.insert(block)
          #expect(present.reduce(0) { $0 + extents[$1].count } <= capacity)
          previous = block
        }
        residency.move(from: previous, to: nil)
        follow(&fetched)
        #expect(present == residency.policy.resident)
        #expect(fetched.allSatisfy { residency.policy.isStreamed($0) })
      }
    }
  }

  @Test func blocksThatNoLongerFitAreGivenBack() throws {
    let (residency, memory, extents) = try residency([2, 2, 2, 2])
    residency.capacity = 8 * Self.span
    #expect(residency.policy.resident == [0, 1, 2, 3])
    #expect(memory.taken().isEmpty)
    residency.focus(on: [2])
    #expect(memory.taken().isEmpty)
    residency.capacity = 5 * Self.span
    #expect(residency.policy.resident == [2])
    #expect(memory.taken() == [0, 1, 3].map { .drop(extents[$0]) })
    residency.focus(on: [3])
    #expect(memory.taken() == [.drop(extents[2])])
    residency.releaseAll()
    #expect(memory.taken() == [.drop(0..<memory.byteCount)])
  }

  @Test func piecesOfStreamedBlocksGoWithWhatAFaultBringsAlong() throws {
    let (residency, memory, extents) = try residency([1, 40])
    residency.capacity = 2 * Self.span
    residency.focus(on: [0])
    #expect(residency.policy.resident == [])
    var random = SeededGenerator(seed: 4)
    for _ in 0..<500 {
      let start = Int.random(in: extents[1].dropLast(), using: &random)
      let range = start..<Int.random(in: start + 1...extents[1].upperBound, using: &random)
      let bytes = UnsafeRawBufferPointer(start: memory.bytes + start, count: range.count)
      residency.prefetch(bytes, block: 1)
      #expect(memory.taken() == [.willNeed(range)])
      residency.release(bytes, block: 1)
      guard case .drop(let dropped)? = memory.taken().first else {
        Issue.record("nothing was given back")
        continue
      }
      #expect(dropped.contains(range.lowerBound) && dropped.upperBound >= range.upperBound)
      #expect(dropped.lowerBound > range.lowerBound - Self.span)
      #expect(dropped.upperBound < range.upperBound + Self.span)
      #expect(dropped.clamped(to: extents[1]) == dropped)
    }
  }

  @Test func piecesOfResidentBlocksAndForeignBytesAreLeftAlone() throws {
    let (residency, memory, extents) = try residency([1, 1, 1])
    residency.capacity = 2 * Self.span
    residency.focus(on: [1])
    #expect(residency.policy.resident == [1])
    let own = UnsafeRawBufferPointer(
      start: memory.bytes + extents[1].lowerBound, count: extents[1].count)
    residency.release(own, block: 1)
    residency.prefetch(own, block: 1)
    // Bytes that do not lie where the block does.
    residency.release(own, block: 2)
    let elsewhere = try AlignedBuffer(byteCount: 64)
    residency.release(UnsafeRawBufferPointer(start: elsewhere.bytes, count: 64), block: 2)
    residency.release(UnsafeRawBufferPointer(start: nil, count: 0), block: 2)
    residency.release(own, block: 9)
    #expect(memory.taken().isEmpty)
  }
}
