import ZorBACheckpoint
import ZorBAModels
import ZorBATensor
import ZorBATestSupport

/// Kinds of adapters that tests put beside every linear layer of a model.
enum AdapterKind: CaseIterable, Sendable {
  case lowRank, scaling

  func description(
    for configuration: ModelConfiguration, dropout: Double = 0,
    targets: AdapterDescription.Targets = .allLinear
  ) -> AdapterDescription {
    switch self {
    case .lowRank:
      return AdapterDescription(
        kind: .lowRank(.init(rank: 3, alpha: 5, dropout: dropout)), targets: targets)
    case .scaling:
      let standard = AdapterDescription.scalingTargets(modelType: configuration.family.rawValue)
      return AdapterDescription(
        kind: .scaling(feedForward: standard?.feedForward ?? []), targets: targets)
    }
  }
}

extension Model {
  /// The model with an adapter of random values beside its layers: none is at its start, where half of
  /// the gradients vanish.
  func adapted(
    by description: AdapterDescription, seed: UInt64 = 3, quantised: NF4Base? = nil
  ) throws -> Model {
    var random = SeededGenerator(seed: seed)
    var tensors = MemoryTensors()
    for entry in try configuration.adapterEntries(description).flatMap({ $0 }) {
      let isVector = entry.shape.count == 1
      let scale = isVector ? 0.3 : 0.7 / Float(entry.shape[1]).squareRoot()
      try tensors.add(
        entry.name, shape: entry.shape,
        (0..<entry.elementCount).map { _ in
          (isVector ? 1 : 0) + scale * Float.random(in: -1...1, using: &random)
        })
    }
    return try Model(
      adapting: self, with: description, tensors: tensors, quantised: quantised)
  }

  /// A model of the same configuration over copies of its parameters, each as `change` has it.
  func copied(
    _ change: (Parameter) throws -> [Float]? = { _ in nil }
  ) throws -> Model {
    var source = MemoryTensors()
    for parameter in parameters.all {
      let values = try change(parameter) ?? parameter.tensor.floats()
      try source.add(parameter.name, shape: parameter.tensor.shape, values)
    }
    let model = try Model(configuration: configuration, source: source, compute: compute)
    guard let prototypes else { return model }
    return try model.with(prototypes: prototypes)
  }

  /// The base with the adapter folded in.
  func merged() throws -> Model {
    let merge = AdapterMerge(self)
    return try withoutAdapter.copied { try merge.tensor(named: $0.name)?.floats() }
  }

  /// The model over the matrices that NF4 makes of its own.
  func restored(from base: NF4Base) throws -> Model {
    try copied { parameter in
      guard base.holds(parameter.name) else { return nil }
      let matrix = try NF4Matrix(quantising: parameter.tensor, context: compute)
      var values = [Float](repeating: 0, count: parameter.tensor.elementCount)
      matrix.dequantise(from: 0, count: values.count, into: &values)
      return values
    }
  }
}

/// What the gradients of an adapter must be, by the chain rule from those of the model it makes.
struct AdapterChainRule {
  let adapted: Model
  /// Gradients of the merged model, by name.
  private let merged: [String: [Float]]
  private let values: [String: [Float]]
  private let description: AdapterDescription

  init(_ adapted: Model, _ description: AdapterDescription, merged: Gradients) throws {
    self.adapted = adapted
    self.description = description
    var slopes: [String: [Float]] = [:]
    for (index, parameter) in merged.parameters.enumerated() {
      slopes[parameter.name] = Array(merged[index])
    }
    self.merged = slopes
    var values: [String: [Float]] = [:]
    for parameter in adapted.trainable.all + adapted.parameters.all {
      values[parameter.name] = try parameter.tensor.floats()
    }
    self.values = values
  }

  /// The gradients of a module's tensors, by name.
  func expected(_ module: String) -> [String: [Double]] {
    guard let slopes = merged[module + ".weight"], let weights = values[module + ".weight"]
    else { return [:] }
    let biasSlopes = merged[module + ".bias"] ?? []
    let biases = values[module + ".bias"] ?? []
    if let vector = values[module + ".ia3_l"] {
      let isInput = description.scalesInput(ofModule: module)
      let (outputs, inputs) = extents(weights.count, isInput ? vector.count : nil, vector.count)
      var sums = [Double](repeating: 0, count: vector.count)
      for output in 0..<outputs {
        for input in 0..<inputs {
          let place = self.place(output, input, outputs, inputs)
          sums[isInput ? input : output] += Double(slopes[place]) * Double(weights[place])
        }
      }
      if !isInput {
        for index in biases.indices {
          sums[index] += Double(biasSlopes[index]) * Double(biases[index])
        }
      }
      return [module + ".ia3_l": sums]
    }
    guard case .lowRank(let numbers) = description.kind,
      let down = values[module + ".lora_A.weight"], let up = values[module + ".lora_B.weight"]
    else { return [:] }
    let (rank, scale) = (numbers.rank, Double(numbers.scale))
    let (outputs, inputs) = (up.count / rank, down.count / rank)
    var downSlopes = [Double](repeating: 0, count: down.count)
    var upSlopes = [Double](repeating: 0, count: up.count)
    for output in 0..<outputs {
      for input in 0..<inputs {
        let slope = scale * Double(slopes[place(output, input, outputs, inputs)])
        for index in 0..<rank {
          upSlopes[output * rank + index] += slope * Double(down[index * inputs + input])
          downSlopes[index * inputs + input] += slope * Double(up[output * rank + index])
        }
      }
    }
    return [module + ".lora_A.weight": downSlopes, module + ".lora_B.weight": upSlopes]
  }

  /// Outputs and inputs of a matrix of which one is known.
  private func extents(_ count: Int, _ inputs: Int?, _ width: Int) -> (Int, Int) {
    inputs.map { (count / $0, $0) } ?? (width, count / width)
  }

  /// Where an element of a layer's matrix is stored: GPT-2 keeps inputs first.
  private func place(_ output: Int, _ input: Int, _ outputs: Int, _ inputs: Int) -> Int {
    adapted.configuration.family.rawValue == "gpt2"
      ? input * outputs + output : output * inputs + input
  }
}

extension Gradients {
  /// The largest distance of one parameter's gradient from what it should be, relative to its own norm
  /// or, where that is small, to a thousandth of all.
  func largestError(against expected: [String: [Double]]) -> Double {
    guard Set(parameters.map(\.name)) == Set(expected.keys) else { return .infinity }
    var largest = 0.0
    for (index, parameter) in parameters.enumerated() {
      let reference = expected[parameter.name] ?? []
      guard reference.count == self[index].count else { return .infinity }
      var (distance, square) = (0.0, 0.0)
      for (found, value) in zip(self[index], reference) {
        distance += (Double(found) - value) * (Double(found) - value)
        square += value * value
      }
      largest = max(largest, distance.squareRoot() / max(square.squareRoot(), 1e-3 * norm))
    }
    return largest
  }

  var byName: [String: [Double]] {
    var values: [String: [Double]] = [:]
    for (index, parameter) in parameters.enumerated() {
      values[parameter.name] = self[index].map(Double.init)
    }
    return values
  }
}
