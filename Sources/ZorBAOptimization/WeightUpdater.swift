import CZorBAKernels
import ZorBADiagnostics
package import ZorBATensor

/// Applies committed rounds to the stored weights: the one place where training changes a model.
///
/// Any number of rounds is fused into one pass over memory, spread over the thread team. The result
/// is the same, bit for bit, for every thread count, instruction set and way of grouping the rounds
/// (numerics spec 1, section 5): each element's arithmetic has a fixed order, and elements are
/// independent.
package struct WeightUpdater: Sendable {
  package let parameters: ParameterSet
  package let schedule: DirectionSchedule
  package let context: ComputeContext

  /// Terms a worker keeps at hand; more rounds than fit are applied in several passes.
  private static let termLimit = 8192
  /// How many pieces ahead of the one at hand weights are fetched from the disk.
  private static let lead = 16

  /// The tensors must be writable and must not be read while an update runs.
  package init(parameters: ParameterSet, schedule: DirectionSchedule, context: ComputeContext) {
    self.parameters = parameters
    self.schedule = schedule
    self.context = context
  }

  /// Applies one round.
  ///
  /// - Throws: As `apply(_:)` of many rounds.
  package func apply(_ round: CommittedRound) throws { try apply([round]) }

  /// Applies rounds in order. Blocks without coefficients are not touched.
  ///
  /// - Throws: `ZorBAError` with code `invalidData`, before any weight changes, when the rounds do
  ///   not ascend, are of another seeding mode or name a block the model lacks; with code `diverged`
  ///   when a weight can no longer be stored, after which the weights are a mixture of old and new
  ///   and must be rebuilt from the base model.
  package func apply(_ rounds: [CommittedRound]) throws {
    try validate(rounds)
    var window: [SeededRound] = []
    var termCount = 0
    for round in rounds {
      let seeded = SeededRound(
        round, schedule: schedule, blockCount: parameters.blocks.count)
      if !window.isEmpty, termCount + seeded.termCount > Self.termLimit {
        try sweep(window)
        window.removeAll(keepingCapacity: true)
        termCount = 0
      }
      window.append(seeded)
      termCount += seeded.termCount
    }
    try sweep(window)
  }

  private func validate(_ rounds: [CommittedRound]) throws {
    var previous: UInt64 = 0
    for round in rounds {
      guard round.number > previous else {
        throw ZorBAError(
          .invalidData, "round \(round.number) cannot follow round \(previous)",
          at: .init(field: "round"), advice: "Apply rounds once each, in ascending order.")
      }
      previous = round.number
      guard round.coefficients.seeding == schedule.seeding else {
        throw ZorBAError(
          .invalidData,
          "round \(round.number) is seeded \(round.coefficients.seeding), the run \(schedule.seeding)",
          at: .init(field: "seeding"), advice: "The round belongs to another run.")
      }
      if let block = round.coveredBlocks.last, block >= parameters.blocks.count {
        throw ZorBAError(
          .invalidData,
          "round \(round.number) changes block \(block); the last block of this model is "
            + "\(parameters.blocks.count - 1)", at: .init(field: "blocks"),
          advice: "Use the base model that the run was made with.")
      }
    }
  }

  /// One pass over the weights of every block that some round touches.
  func sweep(_ rounds: [SeededRound]) throws {
    let touched = parameters.blocks.indices.filter { block in
      rounds.contains { !$0.terms[block].isEmpty }
    }
    let pieces = try UpdatePiece.covering(touched.flatMap { parameters.blocks[$0] })
    guard !pieces.isEmpty else { return }

    let termCapacity = rounds.reduce(0) { $0 + $1.termCount }
    let workers = (0..<context.team.threadCount).map { _ in
      TensorRounds(termCapacity: termCapacity, roundCapacity: rounds.count)
    }
    // [pieces]; a worker writes only the places of its own pieces.
    let failures = UnsafeMutableBufferPointer<Bool>.allocate(capacity: pieces.count)
    failures.initialize(repeating: false)
    defer { failures.deallocate() }

    let kernels = context.kernels
    context.team.forEach(pieces.count) { index, worker in
      let piece = pieces[index]
      let residency = parameters.residency
      if let residency, index + Self.lead < pieces.count {
        residency.prefetch(pieces[index + Self.lead])
      }
      let kernelRounds = workers[worker].rounds(rounds, for: piece.parameter.id)
      failures[index] = !Self.update(piece, by: kernelRounds, kernels: kernels)
      residency?.release(piece)
    }
    if let failed = failures.firstIndex(of: true) {
      throw divergence(of: pieces[failed].parameter, rounds: rounds)
    }
  }

  /// False when a weight cannot be stored.
  private static func update(
    _ piece: UpdatePiece, by rounds: UnsafeBufferPointer<zk_round>, kernels: zk_kernels
  ) -> Bool {
    let tensor = piece.parameter.tensor
    for row in piece.rows {
      let start = tensor.row(row) + piece.columns.lowerBound * tensor.dtype.byteCount
      let status = kernels.update(
        start, tensor.dtype.kernelCode, UInt32(row), UInt32(piece.columns.lowerBound),
        piece.columns.count, rounds.baseAddress, rounds.count)
      if status != ZK_OK { return false }
    }
    return true
  }

  private func divergence(of parameter: Parameter, rounds: [SeededRound]) -> ZorBAError {
    let numbers = rounds.map(\.number)
    let first = numbers.first ?? 0
    let last = numbers.last ?? 0
    let span = first == last ? "round \(first)" : "one of rounds \(first) to \(last)"
    return ZorBAError(
      .diverged,
      "\(span) makes a weight of block \(parameter.id.block) too large for "
        + "\(parameter.tensor.dtype.rawValue)", at: .init(field: parameter.name),
      advice: "Go back to an earlier round and continue with a lower learning rate.")
  }
}
