package import ZorBAModels
package import ZorBATensor

/// Bytes that a site has resident at the peak of a round, from the blocks it trains.
///
/// Under a budget the weights lie in a file. Those of active blocks stay in memory, the others pass
/// through one at a time, and the snapshot of local steps lies in a file too and does not count:
///
///     process + scratch + activations + passing block + sum of active blocks
///
/// Without a budget all weights lie in memory and only the snapshot depends on the row:
///
///     process + scratch + activations + weights + sum of active blocks' snapshots
///
/// `ResidencyPolicy` decides what stays and what passes, here as in a run, so a forecast and a plan
/// cannot disagree.
package struct MemoryModel: Sendable, Equatable {
  /// Resident bytes of the process without weights and activations: program, tokenizer, data.
  package var processBytes: Int
  /// Bytes of buffers that come and go with a step.
  package var scratchBytes: Int
  /// Activations of the most demanding pass.
  package var activationBytes: Int
  /// Bytes of each block on pages of its own, and while it passes through; 0 is what lies outside
  /// the transformer blocks. [1 + blocks]
  package var demands: [ResidencyPolicy.Demand]
  /// Bytes of each block's tensors. [1 + blocks]
  package var tensorBytes: [Int]
  /// Bytes of all weights in memory.
  package var weightsBytes: Int
  /// Whether the weights lie in a file.
  package var isStreamed: Bool
  /// Whether a snapshot is needed to go back to: with more than one local step.
  package var hasSnapshot: Bool

  package init(
    processBytes: Int, scratchBytes: Int = Self.scratchBytes, activationBytes: Int,
    demands: [ResidencyPolicy.Demand], tensorBytes: [Int], weightsBytes: Int, isStreamed: Bool,
    hasSnapshot: Bool = false
  ) {
    precondition(demands.count == tensorBytes.count && !demands.isEmpty)
    self.processBytes = processBytes
    self.scratchBytes = scratchBytes
    self.activationBytes = activationBytes
    self.demands = demands
    self.tensorBytes = tensorBytes
    self.weightsBytes = weightsBytes
    self.isStreamed = isStreamed
    self.hasSnapshot = hasSnapshot
  }

  /// Kernel scratch of the threads and the journal's and metrics' buffers, measured.
  package static let scratchBytes = 6 << 20

  /// Bytes of everything but weights and snapshot.
  package var besides: Int { processBytes + scratchBytes + activationBytes }

  /// Bytes at the peak when these blocks are active, 0 being what lies outside the others.
  ///
  /// - Parameter capacity: What weights may take of a budget; nil is just enough for the active ones,
  ///   and has no meaning without one.
  package func peakBytes(active: Set<Int>, capacity: Int? = nil) -> Int {
    guard isStreamed else {
      return besides + weightsBytes
        + (hasSnapshot ? active.reduce(0) { $0 + tensorBytes[$1] } : 0)
    }
    let policy = ResidencyPolicy(
      demands: demands, active: active, capacity: capacity ?? leastCapacity(active: active))
    return besides + policy.peakByteCount
  }

  /// What weights take when the active blocks stay and the others pass: the capacity that streams no
  /// active block.
  package func leastCapacity(active: Set<Int>) -> Int {
    var kept = 0
    var passing = 0
    for (block, demand) in demands.enumerated() {
      if active.contains(block) {
        kept += demand.whole
      } else {
        passing = max(passing, demand.passing)
      }
    }
    return kept + passing
  }

  /// The same as a sum over blocks, which the planner needs: never below `peakBytes`.
  ///
  /// It differs only for rows so full that a smaller block passes than the largest.
  ///
  /// - Parameter outer: Whether everyone trains what lies outside the transformer blocks.
  package func linear(outer: Bool) -> (fixed: Double, resident: [Double]) {
    guard isStreamed else {
      let snapshots = hasSnapshot ? tensorBytes : tensorBytes.map { _ in 0 }
      return (
        Double(besides + weightsBytes + (outer ? snapshots[0] : 0)),
        snapshots.dropFirst().map(Double.init)
      )
    }
    let passing = demands.enumerated().reduce(0) { largest, entry in
      outer && entry.offset == 0 ? largest : max(largest, entry.element.passing)
    }
    return (
      Double(besides + passing + (outer ? demands[0].whole : 0)),
      demands.dropFirst().map { Double($0.whole) }
    )
  }
}

extension MemoryModel {
  /// What the blocks of a model take as `WorkingCopy` lays them out in a file: tensors on boundaries
  /// of 64, blocks on boundaries of its groups.
  package static func demands(of model: Model) -> [ResidencyPolicy.Demand] {
    if let residency = model.parameters.residency { return residency.demands }
    var widths: [String: Int] = [:]
    for parameter in model.parameters.all {
      widths[parameter.name] = parameter.tensor.dtype.byteCount
    }
    let passing = model.configuration.passingByteCounts(
      threads: model.compute.team.threadCount
    ) { widths[$0] ?? 4 }
    return zip(model.parameters.blocks, passing).map { block, passing in
      let tensors = block.reduce(0) { $0 + aligned($1.tensor.byteCount, to: 64) }
      return .init(whole: aligned(tensors, to: WeightResidency.faultSpan), passing: passing)
    }
  }

  private static func aligned(_ count: Int, to boundary: Int) -> Int {
    (count + boundary - 1) / boundary * boundary
  }

  /// Bytes of each block's tensors. [1 + blocks]
  package static func tensorBytes(of model: Model) -> [Int] {
    model.trainable.blocks.map { $0.reduce(0) { $0 + $1.tensor.byteCount } }
  }

  /// The memory of this process once a model is loaded.
  ///
  /// - Parameters:
  ///   - loaded: Weights of it that lie in a file are given back first.
  ///   - mappedBytes: Bytes of the weights that lie in mapped files and have been given back.
  ///   - activationBytes: Of the most demanding pass.
  ///   - hasSnapshot: Whether local steps need something to go back to.
  ///   - isStreamed: Whether to reckon with weights in a file; nil says where they lie now.
  package init(
    of model: Model, weightsBytes: Int, mappedBytes: Int = 0, activationBytes: Int,
    hasSnapshot: Bool, isStreamed: Bool? = nil
  ) {
    let residency = model.parameters.residency
    let resident = MemoryBudget.residentBytes(without: residency)
    self.init(
      processBytes: max(0, resident - (residency == nil ? weightsBytes - mappedBytes : 0)),
      activationBytes: activationBytes, demands: Self.demands(of: model),
      tensorBytes: Self.tensorBytes(of: model), weightsBytes: weightsBytes,
      isStreamed: isStreamed ?? (residency != nil), hasSnapshot: hasSnapshot)
  }
}
