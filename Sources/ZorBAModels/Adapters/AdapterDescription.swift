/// An adapter as its makers describe it: a few trained tensors beside linear layers that stay as they
/// are.
///
/// The choices and their names are those of the PEFT library, so that its files mean the same here.
package struct AdapterDescription: Sendable, Equatable {
  /// What is put beside a layer.
  package enum Kind: Sendable, Equatable {
    /// LoRA (Hu et al., 2021): y += scale · B A x.
    case lowRank(LowRank)
    /// IA3 (Liu et al., 2022): a factor for every output; for every input in `feedForward` modules.
    case scaling(feedForward: [String])
  }

  /// The numbers of a LoRA.
  package struct LowRank: Sendable, Equatable {
    /// Rows of A.
    package var rank: Int
    package var alpha: Double
    /// Share of the inputs of A that training leaves out, below 1.
    package var dropout: Double
    /// Whether the scale is alpha / sqrt(rank) (Kalajdzievski, 2023) in place of alpha / rank.
    package var isRankStabilised: Bool

    package init(
      rank: Int, alpha: Double, dropout: Double = 0, isRankStabilised: Bool = false
    ) {
      self.rank = rank
      self.alpha = alpha
      self.dropout = dropout
      self.isRankStabilised = isRankStabilised
    }

    /// The factor on B A x.
    package var scale: Float {
      Float(alpha / (isRankStabilised ? Double(rank).squareRoot() : Double(rank)))
    }
  }

  /// Which linear layers are adapted; the head never is.
  package enum Targets: Sendable, Equatable {
    /// Layers whose path is one of these or ends in `.` and one of these.
    case modules([String])
    case allLinear
  }

  package var kind: Kind
  package var targets: Targets

  package init(kind: Kind, targets: Targets) {
    self.kind = kind
    self.targets = targets
  }

  /// Whether the layer of this path, such as `model.layers.0.self_attn.q_proj`, is adapted.
  func includes(module: String) -> Bool {
    switch targets {
    case .allLinear: true
    case .modules(let names): names.contains { Self.matches(module, $0) }
    }
  }

  static func matches(_ module: String, _ target: String) -> Bool {
    module == target || module.hasSuffix("." + target)
  }

  /// Whether an adapted layer has its inputs scaled rather than its outputs.
  package func scalesInput(ofModule module: String) -> Bool {
    guard case .scaling(let names) = kind else { return false }
    // Without a dot between them, as PEFT has it.
    return names.contains { module.hasSuffix($0) }
  }
}

extension AdapterDescription {
  /// What PEFT adapts with a LoRA in models of this `model_type` unless told otherwise; nil where it
  /// asks.
  package static func lowRankTargets(modelType: String) -> [String]? {
    switch modelType {
    case "opt", "llama", "mistral", "qwen2", "qwen3": ["q_proj", "v_proj"]
    case "gpt2": ["c_attn"]
    case "bert", "roberta": ["query", "value"]
    default: nil
    }
  }

  /// What PEFT adapts with an IA3 in models of this `model_type`, and at which of them it scales
  /// inputs; nil where it asks.
  package static func scalingTargets(
    modelType: String
  ) -> (targets: [String], feedForward: [String])? {
    switch modelType {
    case "opt": (["q_proj", "k_proj", "fc2"], ["fc2"])
    case "gpt2": (["c_attn", "mlp.c_proj"], ["mlp.c_proj"])
    case "llama", "mistral": (["k_proj", "v_proj", "down_proj"], ["down_proj"])
    case "qwen2", "qwen3": (["q_proj", "v_proj", "down_proj"], ["down_proj"])
    case "bert", "roberta": (["key", "value", "output.dense"], ["output.dense"])
    default: nil
    }
  }
}
