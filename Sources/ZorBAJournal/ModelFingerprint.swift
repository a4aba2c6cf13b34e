import ZorBADiagnostics
package import ZorBATensor

/// The names, types and shapes of a model's tensors: what gives every weight its random numbers.
package struct ModelFingerprint: Hashable, Sendable {
  /// One tensor; its block and role are its place in `ModelFingerprint.blocks`.
  package struct TensorEntry: Hashable, Sendable {
    package let name: String
    package let dtype: DType
    package let shape: [Int]

    package init(name: String, dtype: DType, shape: [Int]) {
      self.name = name
      self.dtype = dtype
      self.shape = shape
    }
  }

  /// The model family, e.g. `opt`.
  package let family: String
  /// Tensors in role order. [blocks][roles]
  package let blocks: [[TensorEntry]]

  package init(family: String, blocks: [[TensorEntry]]) {
    self.family = family
    self.blocks = blocks
  }

  package init(family: String, parameters: ParameterSet) {
    self.init(
      family: family,
      blocks: parameters.blocks.map { block in
        block.map {
          TensorEntry(name: $0.name, dtype: $0.tensor.dtype, shape: $0.tensor.shape)
        }
      })
  }

  /// Checks that a model has exactly these tensors.
  ///
  /// - Throws: `ZorBAError` with code `invalidModel` naming the first difference.
  package func verify(family: String, parameters: ParameterSet) throws {
    let found = ModelFingerprint(family: family, parameters: parameters)
    guard found != self else { return }
    let advice = "Use the base model that the journal was made with, at the same precision."
    guard found.family == self.family else {
      throw ZorBAError(
        .invalidModel, "the model is of family '\(family)', the journal's of '\(self.family)'",
        advice: advice)
    }
    guard found.blocks.count == blocks.count else {
      throw ZorBAError(
        .invalidModel,
        "the model has \(found.blocks.count) blocks, the journal's \(blocks.count)",
        advice: advice)
    }
    for (block, (expected, actual)) in zip(blocks, found.blocks).enumerated()
    where expected != actual {
      let role = zip(expected, actual).enumerated().first { $1.0 != $1.1 }?.offset
      let index = role ?? min(expected.count, actual.count)
      throw ZorBAError(
        .invalidModel,
        "tensor \(index) of block \(block) is \(Self.text(actual, index)), "
          + "the journal's is \(Self.text(expected, index))", advice: advice)
    }
  }

  private static func text(_ tensors: [TensorEntry], _ index: Int) -> String {
    guard tensors.indices.contains(index) else { return "absent" }
    let tensor = tensors[index]
    return "\(tensor.name) \(tensor.dtype.rawValue) \(tensor.shape)"
  }
}
