/// From a text's vector to one value a label.
struct ClassificationHead: Sendable {
  /// Applied before, with tanh; nil where the vector is the text's embedding.
  let dense: Linear?
  let output: Linear
}

/// What stands between an encoder's hidden states and the vocabulary.
struct MaskedTransform: Sendable {
  let dense: Linear
  let norm: Norm
  let activation: ActivationFunction

  func apply(to hidden: Activation, _ pass: ForwardPass) -> Activation {
    let inner = pass.linear(dense, hidden)
    pass.activate(activation, inner)
    pass.layerNorm(norm, inner, into: inner)
    return inner
  }
}

extension ParameterDeclarations {
  /// The map from a text's vector to labels: a head, which no adapter changes and NF4 leaves alone.
  mutating func labelHead(_ name: String, inputs: Int, labels: Int) -> Linear {
    Linear(
      weight: parameter(name + ".weight", shape: [labels, inputs]),
      bias: parameter(name + ".bias", shape: [labels]), inputs: inputs, outputs: labels,
      layout: .outputsFirst)
  }

  /// The map from an encoder's transformed states to the vocabulary: the token embedding where it is
  /// tied, and a bias. transformers keeps an untied head's bias with its weight and leaves the other
  /// unused.
  mutating func maskedHead(
    _ name: String, bias: String, _ tokens: Embedding, _ configuration: ModelConfiguration
  ) -> Linear {
    let shape = [configuration.vocabularySize, tokens.width]
    return Linear(
      weight: configuration.tiedHead
        ? tokens.table : parameter(name + ".weight", shape: shape, isTable: true),
      bias: parameter(
        configuration.tiedHead ? bias : name + ".bias", shape: [configuration.vocabularySize]),
      inputs: tokens.width,
      outputs: configuration.vocabularySize, layout: .outputsFirst)
  }
}
