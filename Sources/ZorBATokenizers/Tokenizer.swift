/// Turns text into the token ids a model was trained on, and ids back into text.
///
/// One value covers the byte-level family (GPT-2, OPT, Llama 3, Qwen2, Qwen2.5, Qwen3) and the
/// SentencePiece family (Llama 2, TinyLlama, Mistral) and WordPiece (BERT, MiniLM). Ids agree with the reference libraries
/// exactly: a model sees the same numbers it saw in training, or loading fails.
///
/// A tokenizer is immutable and holds no cache that encoding writes to, so threads share it freely.
package final class Tokenizer: Sendable {
  let vocabulary: Vocabulary
  let addedTokens: AddedTokens
  let normalizer: Normalizer
  let preTokenizer: PreTokenizer
  let model: Model
  let template: Template
  let decoder: Decoder

  /// The token that opens a sequence, where the model has one.
  package let bosID: Int32?
  /// The token that ends a sequence, where the model has one.
  package let eosID: Int32?
  /// The token that fills a batch, where the model has one.
  package let padID: Int32?
  /// The token that stands for text the vocabulary cannot express, where the model has one.
  package let unknownID: Int32?
  /// The token that stands for one to be predicted, where the model has one.
  package let maskID: Int32?

  /// The algorithm that turns one word into ids.
  enum Model: Sendable {
    case byteLevel(ByteLevelBPE)
    case sentencePiece(SentencePieceBPE)
    case wordPiece(WordPiece)
  }

  /// The names of the tokens with a role; nil where a tokenizer has no such token.
  struct Roles {
    var bos: String?
    var eos: String?
    var pad: String?
    var unknown: String?
    var cls: String?
    var separator: String?
    var mask: String?
  }

  /// What the readers of the three file layouts produce.
  struct Parts {
    var vocabulary: Vocabulary
    var addedTokens: AddedTokens
    var normalizer = Normalizer()
    var preTokenizer = PreTokenizer()
    var model: Model
    var template = Template()
    var decoder: Decoder
    var roles = Roles()
  }

  init(_ parts: Parts) {
    vocabulary = parts.vocabulary
    addedTokens = parts.addedTokens
    normalizer = parts.normalizer
    preTokenizer = parts.preTokenizer
    model = parts.model
    template = parts.template
    decoder = parts.decoder
    let vocabulary = parts.vocabulary
    bosID = parts.roles.bos.flatMap { vocabulary.id(of: $0) }
    eosID = parts.roles.eos.flatMap { vocabulary.id(of: $0) }
    padID = parts.roles.pad.flatMap { vocabulary.id(of: $0) }
    unknownID = parts.roles.unknown.flatMap { vocabulary.id(of: $0) }
    maskID =
      (parts.roles.mask.map { [$0] } ?? ["[MASK]", "<mask>"]).lazy
      .compactMap { vocabulary.id(of: $0) }.first
  }

  /// The number of ids: one more than the greatest, so an embedding needs at least this many rows.
  package var vocabularySize: Int { vocabulary.count }

  /// The id of a token as it is spelled in the vocabulary file, compared byte for byte.
  package func id(of token: String) -> Int32? { vocabulary.id(of: token) }

  /// The token of an id as it is spelled in the vocabulary file, or nil for an id that has none.
  package func token(of id: Int32) -> String? { vocabulary.token(of: id) }

  /// Whether the id is a control token such as `</s>`, left out by `skippingSpecialTokens`.
  package func isSpecial(_ id: Int32) -> Bool { addedTokens.isSpecial(id) }

  /// What the model expects before and behind a sequence, `[CLS]` and `[SEP]` for instance.
  package var enclosingTokens: (prefix: [Int32], suffix: [Int32]) {
    (template.prefix, template.suffix)
  }

  /// Encodes a text.
  ///
  /// - Parameters:
  ///   - text: Any text; tokens such as `<|endoftext|>` written out in it become that token.
  ///   - addingSpecialTokens: Whether to add what the model expects around a sequence, `<s>` before
  ///     a Llama text for instance.
  /// - Returns: Ids, each in `0..<vocabularySize`.
  package func encode(_ text: String, addingSpecialTokens: Bool) -> [Int32] {
    var ids: [Int32] = addingSpecialTokens ? template.prefix : []
    var text = text
    text.withUTF8 { encode($0, into: &ids) }
    if addingSpecialTokens { ids.append(contentsOf: template.suffix) }
    return ids
  }

  /// Decodes ids; bytes that are not UTF-8 become U+FFFD and ids without a token are left out.
  package func decode(_ ids: [Int32], skippingSpecialTokens: Bool) -> String {
    var run = Decoder.Run(decoder)
    var bytes: [UInt8] = []
    for id in ids where !(skippingSpecialTokens && addedTokens.isSpecial(id)) {
      run.append(id, from: vocabulary, to: &bytes)
    }
    run.finish(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }
}
