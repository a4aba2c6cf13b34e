/// A model that sees a whole text at once: a stack of blocks, and what its heads put on top.
///
/// Families differ in the names of their heads' parameters; how states flow is the same for all.
protocol Encoder: Decoder {
  var stack: EncoderStack { get }
  /// What stands between hidden states and the vocabulary; nil under other heads.
  var transform: MaskedTransform? { get }
}

extension Encoder {
  func embed(into hidden: Activation, _ pass: ForwardPass) { stack.embed(into: hidden, pass) }

  func layer(_ index: Int, _ hidden: Activation, _ pass: ForwardPass) -> Activation {
    stack.layer(index, hidden, pass)
  }

  func finish(_ hidden: Activation, _ pass: ForwardPass) -> Activation {
    transform.map { $0.apply(to: hidden, pass) } ?? hidden
  }
}
