import ZorBADiagnostics
import ZorBAJournal
import ZorBAModels
import ZorBAOptimization
import ZorBATensor

/// How long replaying the first rounds of a journal takes on this machine.
///
/// The work is counted in the journal: every coefficient of a block is one fused multiply and add for
/// each of the block's weights. What one takes is measured on made-up weights.
package struct ReplayEstimate: Sendable {
  /// Multiplications and additions of a coefficient, over all rounds.
  package let operations: Double
  private let schedule: DirectionSchedule
  private let dtype: DType

  /// Weights that the measurement changes, and rounds that it fuses.
  private static let elements = 1 << 20
  private static let rounds = 32

  /// Counts the work.
  ///
  /// - Parameter last: The round to stop after.
  /// - Throws: As `JournalReader`.
  package init(journalAt path: String, to last: Int) throws {
    let reader = try JournalReader(path: path)
    let model = reader.header.model
    schedule = reader.header.schedule
    dtype = model.blocks.last?.first?.dtype ?? .float32
    let sizes = model.blocks.map { block in
      block.reduce(0.0) { $0 + $1.shape.reduce(1.0) { $0 * Double($1) } }
    }
    var operations = 0.0
    while reader.lastRound < UInt64(max(0, last)), let entry = try reader.next() {
      if case .dense(let round) = entry.record {
        for block in round.blocks where sizes.indices.contains(block) {
          operations += sizes[block]
        }
      }
      guard case .round(let round) = entry.record else { continue }
      let blocks =
        switch round.coefficients {
        case .shared(let blocks): blocks
        case .perClient(let clients): clients.flatMap(\.blocks)
        }
      for block in blocks where sizes.indices.contains(block.block) {
        operations += sizes[block.block] * Double(block.values.count)
      }
    }
    self.operations = operations
  }

  /// Measures a small replay and scales it.
  ///
  /// - Throws: `ZorBAError` when threads or memory are exhausted.
  package func seconds(threads: Int?) throws -> Double {
    let context = try ComputeContext(threads: threads)
    let buffer = try AlignedBuffer(byteCount: Self.elements * dtype.byteCount)
    let tensor = Tensor(
      dtype: dtype, shape: [1024, Self.elements / 1024], bytes: buffer.bytes, owner: buffer)
    let updater = WeightUpdater(
      parameters: ParameterSet(blocks: [[("weight", tensor)]]),
      schedule: DirectionSchedule(
        runKey: schedule.runKey, seeding: .shared, distribution: schedule.distribution),
      context: context)
    let rounds = try (1...Self.rounds).map { number in
      try CommittedRound(
        number: UInt64(number), learningRate: 1e-9, directions: 1, participants: [1],
        coefficients: .shared([.init(block: 0, values: [1e-9])]))
    }
    // The first pass touches the pages.
    try updater.apply(Array(rounds.prefix(1)))
    let clock = ContinuousClock()
    let start = clock.now
    try updater.apply(rounds)
    let seconds = (clock.now - start) / .seconds(1)
    return seconds / Double(Self.elements * Self.rounds) * operations
  }
}
