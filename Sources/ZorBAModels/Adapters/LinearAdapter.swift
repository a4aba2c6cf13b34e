/// What stands beside one linear layer, by handles into the adapter's tensors.
indirect enum LinearAdapter: Sendable {
  case lowRank(LowRankAdapter)
  /// The layer's inputs are multiplied by a vector.
  case inputScale(ParameterHandle)
  /// The layer's outputs, its bias included, are multiplied by a vector.
  case outputScale(ParameterHandle)
}

/// The two maps of a LoRA: y += scale · up(down(dropout(x))).
struct LowRankAdapter: Sendable {
  /// A: [rank, inputs].
  let down: Linear
  /// B: [outputs, rank].
  let up: Linear
  let scale: Float
  let dropout: Float
}

extension Linear {
  /// The layer as it was before it was adapted.
  var unadapted: Linear {
    var layer = self
    layer.adapter = nil
    return layer
  }
}

extension ParameterDeclarations {
  /// Declares what the adapter puts beside a layer; nil where that is nothing.
  ///
  /// - Parameter module: The layer's path, without `.weight`.
  mutating func adapter(of layer: Linear, module: String) -> LinearAdapter? {
    guard let description = adapter, description.includes(module: module) else { return nil }
    switch description.kind {
    case .lowRank(let numbers):
      let down = Linear(
        weight: adapterParameter(
          module + ".lora_A.weight", shape: [numbers.rank, layer.inputs], start: .uniform),
        bias: nil, inputs: layer.inputs, outputs: numbers.rank, layout: .outputsFirst)
      let up = Linear(
        weight: adapterParameter(
          module + ".lora_B.weight", shape: [layer.outputs, numbers.rank], start: .zero),
        bias: nil, inputs: numbers.rank, outputs: layer.outputs, layout: .outputsFirst)
      return .lowRank(
        LowRankAdapter(
          down: down, up: up, scale: numbers.scale, dropout: Float(numbers.dropout)))
    case .scaling:
      let isInput = description.scalesInput(ofModule: module)
      let vector = adapterParameter(
        module + ".ia3_l", shape: [isInput ? layer.inputs : layer.outputs], start: .one)
      return isInput ? .inputScale(vector) : .outputScale(vector)
    }
  }
}
