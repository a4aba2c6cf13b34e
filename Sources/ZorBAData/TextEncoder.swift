/// Text to token ids, as much of a tokenizer as preparing examples needs.
///
/// The data layer is written against this protocol so that it builds and tests without any
/// vocabulary; a real tokenizer conforms to it where the two meet.
package protocol TextEncoder: Sendable {
  /// The token ids of `text`; with `addingSpecialTokens` as the model's own post-processing does it
  /// (typically one beginning-of-text token in front).
  func encode(_ text: String, addingSpecialTokens: Bool) -> [Int32]
  /// One more than the largest id that `encode` returns.
  var vocabularySize: Int { get }
  /// The end-of-text token, if the vocabulary has one.
  var eosID: Int32? { get }
  /// The beginning-of-text token, if the vocabulary has one.
  var bosID: Int32? { get }
  /// The token that stands for one to be predicted, if the vocabulary has one.
  var maskID: Int32? { get }
  /// What `encode` with special tokens puts before and behind a text.
  var enclosingTokens: (prefix: [Int32], suffix: [Int32]) { get }
}

extension TextEncoder {
  package var maskID: Int32? { nil }
  package var enclosingTokens: (prefix: [Int32], suffix: [Int32]) { ([], []) }
}
