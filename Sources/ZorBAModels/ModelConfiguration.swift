/// The shape of a language model, decoder or encoder, family by family read from `config.json`.
///
/// A value that exists has been checked: every extent is positive and bounded so that products of
/// two extents and a byte count cannot overflow, heads divide evenly, and options agree.
package struct ModelConfiguration: Sendable, Equatable {
  /// The supported families; raw values are Hugging Face's `model_type`.
  package enum Family: String, Sendable, CaseIterable {
    case opt
    case gpt2
    case llama
    case mistral
    case qwen2
    case qwen3
    case bert
    case roberta

    /// Whether every token sees the whole sequence.
    package var isEncoder: Bool { self == .bert || self == .roberta }
  }

  /// How the model knows where a token stands.
  package enum Positions: Sendable, Equatable {
    /// A learned vector per position, stored `offset` rows into its table.
    case learned(offset: Int)
    /// Queries and keys are rotated by angles that grow with the position.
    case rotary(RotaryEmbedding)
  }

  package internal(set) var family: Family
  package internal(set) var vocabularySize: Int
  package internal(set) var hiddenSize: Int
  /// Width of the token embedding; differs from `hiddenSize` in OPT-350M only.
  package internal(set) var embeddingSize: Int
  package internal(set) var layerCount: Int
  package internal(set) var headCount: Int
  package internal(set) var keyValueHeadCount: Int
  package internal(set) var headSize: Int
  package internal(set) var intermediateSize: Int
  /// The longest sequence, in tokens.
  package internal(set) var maximumPositions: Int
  package internal(set) var activation: ActivationFunction
  package internal(set) var normEpsilon: Float
  /// True when the head is the transposed token embedding.
  package internal(set) var tiedHead: Bool
  package internal(set) var positions: Positions
  /// Query, key and value projections have biases.
  package internal(set) var hasInputBias: Bool
  /// The attention's output projection has a bias.
  package internal(set) var hasOutputBias: Bool
  package internal(set) var hasFeedForwardBias: Bool
  /// Queries and keys are normalised head by head (Qwen3).
  package internal(set) var normalisesHeads: Bool
  /// Norms stand before attention and feed-forward; after the residual sums otherwise.
  package internal(set) var normsFirst: Bool
  package internal(set) var hasFinalNorm: Bool
  /// Layer norms have weights and biases.
  package internal(set) var hasAffineNorms: Bool
  /// Per layer, how many of the latest positions attention sees; 0 for all.
  package internal(set) var windows: [Int]
  /// Attention scores are divided by the square root of the head size.
  package internal(set) var scalesAttention: Bool
  /// Attention scores of layer `i` are divided by `i + 1` as well.
  package internal(set) var scalesAttentionByLayer: Bool
  /// Tokens at which generation stops, from `eos_token_id`.
  package internal(set) var endTokens: [Int32]
  package internal(set) var beginToken: Int32?
  /// Kinds of segments that have an embedding; 0 in decoders. All tokens here are of the first.
  package internal(set) var segmentKinds = 0
  /// What stands on top of the transformer blocks.
  package internal(set) var head = OutputHead.languageModel

  /// Whether every token sees the whole sequence.
  package var isEncoder: Bool { family.isEncoder }

  /// Factor on attention scores in one layer.
  package func attentionScale(layer: Int) -> Float {
    var scale: Float = scalesAttention ? 1 / Float(headSize).squareRoot() : 1
    if scalesAttentionByLayer { scale /= Float(layer + 1) }
    return scale
  }

  /// Blocks a plan may name: block 0 and the transformer blocks.
  package var blockCount: Int { layerCount + 1 }
}

/// The pointwise function of a feed-forward network; raw values are Hugging Face's names.
package enum ActivationFunction: String, Sendable, CaseIterable {
  case relu
  /// x Φ(x), by the error function.
  case gelu
  /// The tanh approximation of GPT-2.
  case geluTanh = "gelu_new"
  case silu

  /// Accepts the synonyms that Hugging Face uses for the same function.
  init?(huggingFaceName name: String) {
    switch name {
    case "gelu_pytorch_tanh", "gelu_fast": self = .geluTanh
    case "swish": self = .silu
    default: self.init(rawValue: name)
    }
  }
}
