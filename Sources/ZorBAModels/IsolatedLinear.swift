import ZorBAJSON
package import ZorBATensor

/// One linear layer y = x Wᵀ by itself, computed exactly as inside a model: the same kernels, the
/// same split into tasks, perturbed tile by tile like any other. For measuring.
package struct IsolatedLinear: Sendable {
  private let configuration: ModelConfiguration
  private let compute: ComputeContext
  private let layer: Linear
  private let parameters: BoundParameters

  /// - Parameter weight: [outputs, inputs].
  /// - Throws: `ZorBAError` when no model can hold the layer.
  package init(weight: Tensor, compute: ComputeContext) throws {
    precondition(weight.shape.count == 2, "a linear layer has a matrix")
    var declarations = ParameterDeclarations()
    layer = declarations.scope(block: 0, prefix: "") { parameters in
      parameters.linear(
        "isolated", inputs: weight.shape[1], outputs: weight.shape[0], bias: false)
    }
    parameters = try BoundParameters(
      declarations,
      from: ParameterSet(blocks: [[(name: "isolated.weight", tensor: weight)]]))
    // A pass belongs to a model; the layer takes nothing from it.
    configuration = try ModelConfiguration(
      huggingFace: [
        "model_type": "opt", "hidden_size": 1, "num_attention_heads": 1, "num_hidden_layers": 1,
        "ffn_dim": 1, "vocab_size": 1,
      ])
    self.compute = compute
  }

  /// Computes the layer any number of times.
  ///
  /// - Parameters:
  ///   - x: [rows, inputs], the same in every branch.
  ///   - rows: Rows of `x`.
  ///   - directions: The weights are moved by `scale` to both sides of each; none for the weights
  ///     as stored.
  ///   - body: Calls its argument to compute the outputs: [branches, rows, outputs], valid until the
  ///     next call.
  /// - Throws: `ZorBAError` with code `inputOutput` when memory is exhausted, and what `body` throws.
  package func evaluate<Result>(
    _ x: UnsafePointer<Float>, rows: Int, directions: [Direction] = [], scale: Float = 0,
    _ body: (_ outputs: () -> UnsafeBufferPointer<Float>) throws -> Result
  ) throws -> Result {
    let plan =
      directions.isEmpty
      ? nil : PerturbationPlan(directions: directions, scale: scale, active: [0])
    let measuring = try ActivationArena(measuring: true)
    run(x, rows: rows, plan: plan, arena: measuring) { _ = $0() }
    let arena = try ActivationArena()
    try arena.reserve(measuring.peak)
    return try run(x, rows: rows, plan: plan, arena: arena, body)
  }

  private func run<Result>(
    _ x: UnsafePointer<Float>, rows: Int, plan: PerturbationPlan?, arena: ActivationArena,
    _ body: (_ outputs: () -> UnsafeBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    let pass = ForwardPass(
      model: configuration, parameters: parameters, compute: compute,
      batch: PackedBatch([[Int32](repeating: 0, count: rows)]), plan: plan, arena: arena,
      cache: nil, rotaryTable: [])
    var input = pass.activation(rows: rows, width: layer.inputs, branches: pass.finalBranches)
    if !pass.isMeasuring { input.base.update(from: x, count: rows * layer.inputs) }
    input = pass.enter(block: 0, hidden: input.spanning(branches: 1))
    let output = pass.activation(rows: rows, width: layer.outputs)
    return try body {
      pass.linear(layer, input, into: output)
      return UnsafeBufferPointer(start: output.base, count: output.flatRows * layer.outputs)
    }
  }
}
