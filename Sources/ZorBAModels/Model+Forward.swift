import ZorBATensor

extension Model {
  /// Gives back the activation memory kept for the next evaluation.
  ///
  /// Worth calling after an evaluation much larger than those that follow.
  package func releaseActivations() { pool.drain() }

  /// Measures `body`'s pass, reserves exactly its memory and runs it.
  ///
  /// `body` is called twice; the first result is thrown away.
  func run<Result>(
    _ batch: PackedBatch, plan: PerturbationPlan? = nil, cache: KeyValueCache? = nil,
    recording: Recording? = nil, _ body: (ForwardPass) -> Result
  ) throws -> Result {
    let table = rotaryTables.table(for: configuration, positions: batch.positionCount)
    let measured = try measure(batch, plan: plan, cache: cache, recording: recording, body)
    return try pool.withArena(byteCount: measured) { arena in
      if let plan { parameters.residency?.focus(on: plan.active) }
      let pass = pass(
        batch, plan: plan, cache: cache, arena: arena, table: table, recording: recording)
      defer { pass.leave() }
      return body(pass)
    }
  }

  /// Bytes of activations that `body`'s pass takes at its peak.
  func measure<Result>(
    _ batch: PackedBatch, plan: PerturbationPlan?, cache: KeyValueCache? = nil,
    recording: Recording? = nil, _ body: (ForwardPass) -> Result
  ) throws -> Int {
    let arena = try ActivationArena(measuring: true)
    _ = body(
      pass(batch, plan: plan, cache: cache, arena: arena, table: [], recording: recording))
    return arena.peak
  }

  private func pass(
    _ batch: PackedBatch, plan: PerturbationPlan?, cache: KeyValueCache?, arena: ActivationArena,
    table: [Float], recording: Recording?
  ) -> ForwardPass {
    ForwardPass(
      model: configuration, parameters: bound, compute: compute, batch: batch, plan: plan,
      arena: arena, cache: cache, rotaryTable: table, recording: recording)
  }

  /// Embeds the batch and applies every transformer block: [branches, rows, hiddenSize].
  ///
  /// - Parameter rows: The rows of the result, ascending and distinct.
  private func hiddenStates(_ pass: ForwardPass, rows: [Int]) -> Activation {
    var hidden = pass.activation(
      rows: pass.batch.rows, width: configuration.hiddenSize, branches: pass.finalBranches)
    hidden = pass.enter(block: 0, hidden: hidden.spanning(branches: 1))
    decoder.embed(into: hidden, pass)
    for layer in 0..<configuration.layerCount {
      hidden = pass.enter(block: layer + 1, hidden: hidden)
      if layer == configuration.layerCount - 1 { pass.narrow(to: rows) }
      hidden = pass.block(hidden) { hidden, pass in decoder.layer(layer, hidden, pass) }
    }
    return hidden
  }

  /// The given rows of the batch after the last block, in this order, ready for the head.
  func headInput(_ pass: ForwardPass, rows: [Int]) -> Activation {
    decoder.finish(finalStates(pass, rows: rows), pass)
  }

  /// The given rows of the batch after the last block, in this order.
  func finalStates(_ pass: ForwardPass, rows: [Int]) -> Activation {
    let distinct = Set(rows).sorted()
    var places: [Int: Int] = [:]
    for (place, row) in distinct.enumerated() { places[row] = place }
    let hidden = pass.enter(block: 0, hidden: hiddenStates(pass, rows: distinct))
    return pass.gather(hidden, rows: rows.compactMap { places[$0] })
  }
}
