import ZorBADiagnostics
import ZorBAJSON

/// A `tokenizer.json` whose model is WordPiece: BERT and its kin.
extension TokenizerJSON {
  func wordPieceParts(
    _ root: JSONObject, _ model: JSONObject, _ configuration: TokenizerConfiguration
  ) throws -> Tokenizer.Parts {
    guard let entries = try file.object("vocab", in: model, at: "model") else {
      throw file.invalid("model.vocab", "the object is missing")
    }
    var builder = VocabularyBuilder(file: file, expecting: entries.members.count)
    try builder.add(entries, at: "model.vocab")
    let added = try addedTokens(in: root, into: &builder)
    let vocabulary = try builder.build()
    let normalizer = Normalizer(steps: try normalizerSteps(root["normalizer"], at: "normalizer"))
    let preTokenizer = try preTokenizer(root["pre_tokenizer"])
    if preTokenizer.isByteLevel {
      throw file.unsupported(
        "pre_tokenizer.type", "ByteLevel", supported: "BertPreTokenizer with WordPiece")
    }
    let unknown = try file.string("unk_token", in: model, at: "model") ?? "[UNK]"
    guard let unknownID = vocabulary.id(of: unknown) else {
      throw file.invalid("model.unk_token", "'\(unknown)' is not in the vocabulary")
    }
    let limit = try file.integer("max_input_chars_per_word", in: model, at: "model") ?? 100
    guard limit >= 0 else {
      throw file.invalid("model.max_input_chars_per_word", "\(limit) is negative")
    }
    let mark = try file.string("continuing_subword_prefix", in: model, at: "model") ?? "##"
    var roles = configuration.roles
    roles.unknown = roles.unknown ?? unknown
    return Tokenizer.Parts(
      vocabulary: vocabulary, addedTokens: AddedTokens(added, normalizer: normalizer),
      normalizer: normalizer, preTokenizer: PreTokenizer(steps: preTokenizer.steps),
      model: .wordPiece(
        WordPiece(
          vocabulary: vocabulary,
          excluding: added.filter { entries[$0.spelling] == nil }.map(\.id),
          continuation: Array(mark.utf8), unknownID: unknownID, maximumCharacters: limit)),
      template: try template(root["post_processor"], configuration, vocabulary),
      decoder: try decoder(root["decoder"], vocabulary), roles: roles)
  }

  /// `BertNormalizer`; accents go with lower case unless the file says otherwise.
  func bertNormalizer(_ object: JSONObject, at field: String) throws -> BertNormalizer {
    let lowercases = try file.flag("lowercase", in: object, at: field, default: true)
    return BertNormalizer(
      cleansText: try file.flag("clean_text", in: object, at: field, default: true),
      spacesChineseCharacters: try file.flag(
        "handle_chinese_chars", in: object, at: field, default: true),
      stripsAccents: try file.flag("strip_accents", in: object, at: field, default: lowercases),
      lowercases: lowercases)
  }

  /// `BertProcessing` and `RobertaProcessing`: one token before a text and one behind it.
  func enclosingTemplate(
    _ object: JSONObject, _ vocabulary: Vocabulary, at field: String
  ) throws -> Template {
    func token(_ key: String) throws -> Int32 {
      guard let pair = object[key]?.array, pair.count == 2, let name = pair[0].string,
        let id = pair[1].integer.flatMap({ Int32(exactly: $0) }), vocabulary.contains(id)
      else { throw file.invalid("\(field).\(key)", "a token and its id were expected") }
      guard vocabulary.id(of: name) == id else {
        throw file.invalid("\(field).\(key)", "'\(name.prefix(40))' does not have id \(id)")
      }
      return id
    }
    return Template(prefix: [try token("cls")], suffix: [try token("sep")])
  }
}
