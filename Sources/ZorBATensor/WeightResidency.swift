import Synchronization

/// Keeps the weights that lie in a file within a budget while passes and updates walk them.
///
/// Without a budget there is no such object and nobody pays for it. With one, whoever reads or writes
/// weights says where it is: a forward pass block by block, everything else piece by piece. Pages of
/// streamed blocks are fetched ahead and given back behind. Nothing here changes a value, so a call
/// too many or too few costs memory or time, never a bit.
package final class WeightResidency: Sendable {
  /// What each block takes.
  package let demands: [ResidencyPolicy.Demand]

  private let memory: any PagedMemory
  /// Where each block lies in `memory`; one extent a block.
  private let extents: [Range<Int>]
  private let state: Mutex<State>
  private let makeScratch: @Sendable (Int) throws -> any PagedMemory

  private struct State {
    var capacity = 0
    var active: Set<Int> = []
    var policy: ResidencyPolicy
  }

  /// Starts with everything streamed.
  ///
  /// - Parameters:
  ///   - memory: Where the weights lie.
  ///   - extents: The bytes of each block in it, on page boundaries.
  ///   - passing: Bytes of each block that are in memory at once while it is streamed.
  ///   - makeScratch: Makes more memory of the same kind, for copies of weights.
  package init(
    memory: any PagedMemory, extents: [Range<Int>], passing: [Int],
    makeScratch: @escaping @Sendable (Int) throws -> any PagedMemory
  ) {
    self.memory = memory
    self.extents = extents
    self.makeScratch = makeScratch
    demands = zip(extents, passing).map { .init(whole: $0.count, passing: $1) }
    state = Mutex(State(policy: ResidencyPolicy(demands: demands, active: [], capacity: 0)))
  }

  // MARK: - Policy

  /// The policy in force.
  package var policy: ResidencyPolicy { state.withLock { $0.policy } }

  /// The policy that would be in force for other active blocks, or another capacity.
  package func policy(active: Set<Int>, capacity: Int) -> ResidencyPolicy {
    ResidencyPolicy(demands: demands, active: active, capacity: capacity)
  }

  /// The least capacity under which weights never exceed it.
  package var leastCapacity: Int { ResidencyPolicy.leastCapacity(demands) }

  /// Bytes that weights may take; 0 streams everything.
  package var capacity: Int {
    get { state.withLock { $0.capacity } }
    set { adopt(active: nil, capacity: newValue) }
  }

  /// Declares which blocks the coming passes and updates move.
  package func focus(on active: Set<Int>) { adopt(active: active, capacity: nil) }

  private func adopt(active: Set<Int>?, capacity: Int?) {
    let given = state.withLock { state -> [Int] in
      let wanted = (active ?? state.active, capacity ?? state.capacity)
      if wanted == (state.active, state.capacity) { return [] }
      (state.active, state.capacity) = wanted
      let before = state.policy.resident
      state.policy = policy(active: wanted.0, capacity: wanted.1)
      return before.subtracting(state.policy.resident).sorted()
    }
    for block in given { memory.drop(extents[block]) }
  }

  /// Gives back every page, of resident blocks too; they come back when they are touched.
  package func releaseAll() { memory.drop(0..<memory.byteCount) }

  // MARK: - Passes

  /// Moves a pass from one block to the next; nil is before the first or after the last.
  ///
  /// The block left is given back if it is streamed. On entering block 0 from outside and every
  /// streamed block, the next streamed one begins to be fetched.
  package func move(from left: Int?, to entered: Int?) {
    let policy = self.policy
    if let left, left != entered, policy.isStreamed(left) { memory.drop(extents[left]) }
    guard let entered, entered > 0 ? policy.isStreamed(entered) : left == nil,
      let next = policy.nextStreamed(after: entered)
    else { return }
    memory.willNeed(extents[next])
  }

  // MARK: - Pieces

  /// Begins to fetch weights of a block that will be touched soon.
  package func prefetch(_ bytes: UnsafeRawBufferPointer, block: Int) {
    if let range = streamedRange(bytes, block: block) { memory.willNeed(range) }
  }

  /// Gives back weights of a block that have been used, if the block is streamed.
  package func release(_ bytes: UnsafeRawBufferPointer, block: Int) {
    guard let range = streamedRange(bytes, block: block) else { return }
    // Touching a byte brings in what is around it. A neighbour that still needs some of that gets it
    // back; one that is through with it does not give it back again.
    let base = Int(bitPattern: memory.bytes)
    let first = (base + range.lowerBound) / Self.faultSpan * Self.faultSpan
    let last = (base + range.upperBound + Self.faultSpan - 1) / Self.faultSpan * Self.faultSpan
    memory.drop((first - base..<last - base).clamped(to: extents[block]))
  }

  /// A fault maps what is cached of the 64 KiB around it, counted from address 0. Memory that starts
  /// on such a boundary wastes nothing.
  package static let faultSpan = 1 << 16

  /// The place in `memory` of bytes of a streamed block; nil when they are elsewhere or stay.
  private func streamedRange(_ bytes: UnsafeRawBufferPointer, block: Int) -> Range<Int>? {
    guard let start = bytes.baseAddress, extents.indices.contains(block),
      state.withLock({ $0.policy.isStreamed(block) })
    else { return nil }
    let first = start - UnsafeRawPointer(memory.bytes)
    let range = first..<first + bytes.count
    guard !range.isEmpty, extents[block].lowerBound <= first,
      range.upperBound <= extents[block].upperBound
    else { return nil }
    return range
  }

  // MARK: - Copies

  /// Memory for a copy of some weights, which counts against no budget once it is dropped.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput` when the disk has no room for it.
  package func scratch(byteCount: Int) throws -> any PagedMemory { try makeScratch(byteCount) }
}
