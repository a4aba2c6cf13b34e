/// What data preparation needs of a tokenizer.
package protocol TextEncoder: Sendable {
  /// Token ids of a text.
  func encode(_ text: String, addingSpecialTokens: Bool) -> [Int32]
  /// The number of ids.
  var vocabularySize: Int { get }
  /// The token that ends a text, where there is one.
  var eosID: Int32? { get }
  /// The token that opens a text, where there is one.
  var bosID: Int32? { get }
}
