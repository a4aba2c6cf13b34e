package import ZorBAModels

/// The adapter that a run trains in place of the model's own weights.
public struct AdapterConfiguration: Sendable, Equatable {
  /// What is put beside the model's layers.
  public enum Kind: String, Sendable, CaseIterable {
    /// Two narrow matrices beside a layer (Hu et al., 2021).
    case lora
    /// A vector that scales a layer's outputs, or its inputs (Liu et al., 2022).
    case ia3
  }

  /// How the model's own weights are held.
  public enum Base: String, Sendable, CaseIterable {
    /// As the run's precision has them.
    case asStored = "as_stored"
    /// Matrices of linear layers as 4-bit NormalFloat (Dettmers et al., 2023).
    case nf4
  }

  /// What is put beside the layers; nil is what the folder at `path` has, else a LoRA.
  public var kind: Kind?
  /// Rows of a LoRA's first matrix; nil is what the folder has, else 8.
  public var rank: Int?
  /// alpha / rank is the factor on a LoRA; nil is what the folder has, else 16.
  public var alpha: Double?
  /// Share of a LoRA's inputs that first-order training leaves out; nil is what the folder has, else 0.
  public var dropout: Double?
  /// Whether the factor is alpha / sqrt(rank); nil is what the folder has, else it is not.
  public var isRankStabilised: Bool?
  /// Names of the layers to adapt; `["all-linear"]` is all but the head, empty is what the folder has,
  /// else what PEFT adapts in the family.
  public var targets: [String]
  /// Names of the layers whose inputs an IA3 scales; empty is what the folder has, else PEFT's.
  public var feedForward: [String]
  /// A folder in PEFT's layout to begin with; nil begins with an adapter that changes nothing.
  public var path: String?
  /// How the model's own weights are held.
  public var base: Base
  /// What the base must hash to, in hexadecimal; nil takes any, and a run writes down what it found.
  public var baseDigest: String?

  /// A LoRA of rank 8 where PEFT puts it.
  public init() {
    targets = []
    feedForward = []
    base = .asStored
  }
}

extension AdapterConfiguration {
  static let defaultRank = 8
  static let defaultAlpha = 16.0

  /// The first rule that a value breaks: the key below `adapter`, the value and the rule in words; nil when
  /// all hold.
  package var fault: (key: String, value: String, rule: String)? {
    let largest = AdapterDescription.largestRank
    if let rank, !(1...largest).contains(rank) { return ("rank", "\(rank)", "1 to \(largest)") }
    if let alpha, !(alpha > 0 && alpha.isFinite) {
      return ("alpha", "\(alpha)", "a number above 0")
    }
    if let dropout, !(dropout >= 0 && dropout < 1) {
      return ("dropout", "\(dropout)", "a share from 0 up to below 1")
    }
    if targets.contains(""), !targets.isEmpty { return ("targets", "''", "names of layers") }
    if targets.count > 1, targets.contains("all-linear") {
      return ("targets", "\(targets)", "either names or all-linear")
    }
    if kind == .ia3 {
      let given: [(String, Any?)] = [
        ("rank", rank), ("alpha", alpha), ("dropout", dropout),
        ("rank_stabilised", isRankStabilised),
      ]
      for (key, value) in given {
        if let value { return (key, "\(value)", "it with kind lora only") }
      }
    }
    if !feedForward.isEmpty, kind == .lora {
      return ("feed_forward", "\(feedForward)", "it with kind ia3 only")
    }
    return nil
  }

  /// The same with everything said that was left to a default.
  package init(_ description: AdapterDescription, path: String?, base: Base, baseDigest: String?) {
    self.init()
    switch description.kind {
    case .lowRank(let numbers):
      kind = .lora
      rank = numbers.rank
      alpha = numbers.alpha
      dropout = numbers.dropout == 0 ? nil : numbers.dropout
      isRankStabilised = numbers.isRankStabilised ? true : nil
    case .scaling(let names):
      kind = .ia3
      feedForward = names
    }
    switch description.targets {
    case .allLinear: targets = ["all-linear"]
    case .modules(let names): targets = names
    }
    self.path = path
    self.base = base
    self.baseDigest = baseDigest
  }
}
