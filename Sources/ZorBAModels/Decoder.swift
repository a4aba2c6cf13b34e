/// A transformer, decoder or encoder, written as the sequence of its operations.
///
/// A decoder holds no weights: it declares its parameters and applies them through a
/// `ForwardPass`, which knows the branches, the perturbation and the memory.
protocol Decoder: Sendable {
  /// Names under which a checkpoint's base model may stand: the canonical prefix, which exports
  /// without a head leave out.
  static var basePrefix: String { get }

  /// Whether a stored tensor that the configuration does not call for may be there all the same,
  /// such as a head that is not used.
  static func mayIgnore(_ name: String) -> Bool

  init(_ configuration: ModelConfiguration, declaring parameters: inout ParameterDeclarations)

  /// The map from the width that `finish` returns to the vocabulary.
  var head: Linear { get }

  /// What maps a text's vector to labels, where the configuration's head does.
  var classification: ClassificationHead? { get }

  /// Fills `hidden` with the embedded tokens.
  func embed(into hidden: Activation, _ pass: ForwardPass)

  /// Applies transformer block `index`, in place unless the pass wants fewer rows from here on.
  func layer(_ index: Int, _ hidden: Activation, _ pass: ForwardPass) -> Activation

  /// Prepares hidden states for the head, in place or in a new activation.
  func finish(_ hidden: Activation, _ pass: ForwardPass) -> Activation
}

extension Decoder {
  static func mayIgnore(_ name: String) -> Bool { false }

  var classification: ClassificationHead? { nil }
}

extension ModelConfiguration {
  /// The decoder of this configuration's family.
  var decoderType: any Decoder.Type {
    switch family {
    case .opt: OPT.self
    case .gpt2: GPT2.self
    case .llama, .mistral, .qwen2, .qwen3: Llama.self
    case .bert: BERT.self
    case .roberta: RoBERTa.self
    }
  }
}
