import ZorBADiagnostics
import ZorBAJSON

/// The layout of `tokenizer.json`, which holds a whole tokenizer.
///
/// Only what the supported model families use is accepted; anything else is an error that names
/// the key and the value, never a silent approximation.
struct TokenizerJSON {
  let file: ModelFile

  init(_ file: ModelFile) { self.file = file }

  /// Reads the file.
  ///
  /// - Parameter configuration: Names the tokens with a role.
  func parts(_ configuration: TokenizerConfiguration) throws -> Tokenizer.Parts {
    let root = try file.readObject()
    guard let model = try file.object("model", in: root, at: "") else {
      throw file.invalid("model", "the object is missing")
    }
    if try file.string("type", in: model, at: "model") == "WordPiece" {
      return try wordPieceParts(root, model, configuration)
    }
    try checkModel(model)
    guard let entries = try file.object("vocab", in: model, at: "model") else {
      throw file.invalid("model.vocab", "the object is missing")
    }
    var builder = VocabularyBuilder(file: file, expecting: entries.members.count)
    try builder.add(entries, at: "model.vocab")
    let added = try addedTokens(in: root, into: &builder)
    let vocabulary = try builder.build()

    let normalizer = Normalizer(steps: try normalizerSteps(root["normalizer"], at: "normalizer"))
    let preTokenizer = try preTokenizer(root["pre_tokenizer"])
    let merges = try merges(in: model, for: vocabulary)
    let onlyAdded = added.filter { entries[$0.spelling] == nil }.map(\.id)
    let unknown = try file.string("unk_token", in: model, at: "model")
    let unknownID = unknown.flatMap { vocabulary.id(of: $0) }
    if let unknown, !unknown.isEmpty, unknownID == nil {
      throw file.invalid("model.unk_token", "'\(unknown)' is not in the vocabulary")
    }
    let settings = ModelSettings(
      unknownID: unknownID,
      fusesUnknown: try file.flag("fuse_unk", in: model, at: "model", default: false),
      fallsBackToBytes: try file.flag("byte_fallback", in: model, at: "model", default: false),
      ignoresMerges: try file.flag("ignore_merges", in: model, at: "model", default: false))
    let algorithm: Tokenizer.Model =
      preTokenizer.isByteLevel
      ? .byteLevel(try byteLevel(vocabulary, onlyAdded, merges, settings))
      : .sentencePiece(sentencePiece(vocabulary, onlyAdded, merges, settings))

    var roles = configuration.roles
    roles.unknown = roles.unknown ?? unknown
    return Tokenizer.Parts(
      vocabulary: vocabulary, addedTokens: AddedTokens(added, normalizer: normalizer),
      normalizer: normalizer, preTokenizer: PreTokenizer(steps: preTokenizer.steps),
      model: algorithm,
      template: try template(root["post_processor"], configuration, vocabulary),
      decoder: try decoder(root["decoder"], vocabulary), roles: roles)
  }

  private struct ModelSettings {
    var unknownID: Int32?
    var fusesUnknown: Bool
    var fallsBackToBytes: Bool
    var ignoresMerges: Bool
  }

  /// Rejects what no supported family uses.
  private func checkModel(_ model: JSONObject) throws {
    let type = try file.string("type", in: model, at: "model") ?? "BPE"
    guard type == "BPE" else {
      throw file.unsupported("model.type", type, supported: "BPE and WordPiece")
    }
    if let dropout = model["dropout"]?.double, dropout != 0 {
      throw file.unsupported("model.dropout", "\(dropout)", supported: "null, for exact encoding")
    }
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
      if let value = try file.string(key, in: model, at: "model"), !value.isEmpty {
        throw file.unsupported("model.\(key)", value, supported: "null")
      }
    }
  }

  func addedTokens(
    in root: JSONObject, into builder: inout VocabularyBuilder
  ) throws -> [AddedToken] {
    try file.array("added_tokens", in: root, at: "").enumerated().compactMap { index, value in
      let field = "added_tokens[\(index)]"
      guard let object = value.object else {
        throw file.invalid(field, "\(value.kind) stands where an object should")
      }
      guard let id = try file.integer("id", in: object, at: field) else {
        throw file.invalid("\(field).id", "the id is missing")
      }
      let token = try AddedToken(object, file: file, field: field)
      if token.content.isEmpty { return nil }
      return try builder.resolve(token, id: id, file: file, field: field)
    }
  }

  /// Merges are pairs, `["a", "b"]`, or in older files strings, `"a b"`.
  private func merges(in model: JSONObject, for vocabulary: Vocabulary) throws -> MergeTable {
    let list = try file.array("merges", in: model, at: "model")
    var reader = MergeListReader(file: file, vocabulary: vocabulary, count: list.count)
    for (index, value) in list.enumerated() {
      if var pair = value.string {
        try pair.withUTF8 { try reader.add(pair: $0, line: nil) }
      } else if let pair = value.array, pair.count == 2, var left = pair[0].string,
        var right = pair[1].string
      {
        try left.withUTF8 { left in
          try right.withUTF8 { try reader.add(left, $0, line: nil) }
        }
      } else {
        throw file.invalid("model.merges[\(index)]", "\(value.kind) stands where a pair should")
      }
    }
    return reader.build()
  }

  private func byteLevel(
    _ vocabulary: Vocabulary, _ added: [Int32], _ merges: MergeTable, _ settings: ModelSettings
  ) throws -> ByteLevelBPE {
    if settings.fallsBackToBytes {
      throw file.unsupported(
        "model.byte_fallback", "true", supported: "false with a ByteLevel pre_tokenizer")
    }
    return ByteLevelBPE(
      vocabulary: vocabulary, excluding: added, merges: merges,
      ignoresMerges: settings.ignoresMerges, unknownID: settings.unknownID,
      fusesUnknown: settings.fusesUnknown)
  }

  private func sentencePiece(
    _ vocabulary: Vocabulary, _ added: [Int32], _ merges: MergeTable, _ settings: ModelSettings
  ) -> SentencePieceBPE {
    let added = Set(added)
    var characters = ByteStringIndex()
    var byteIDs = [Int32](repeating: -1, count: 256)
    var words = ByteStringIndex()
    for id in 0..<Int32(truncatingIfNeeded: vocabulary.count) {
      guard vocabulary.contains(id), !added.contains(id) else { continue }
      let spelling = Array(vocabulary.spelling(of: id))
      if spelling.withUnsafeBufferPointer({
        !$0.isEmpty && UTF8Text.scalar(in: $0, at: 0).length == $0.count
      }) {
        _ = characters.insert(spelling, id: id)
      }
      if let byte = Decoder.byteValue(of: spelling) { byteIDs[Int(byte)] = id }
      if settings.ignoresMerges { _ = words.insert(spelling, id: id) }
    }
    return SentencePieceBPE(
      vocabulary: vocabulary, characters: characters, merges: merges,
      fallback: .init(
        byteIDs: settings.fallsBackToBytes ? byteIDs : nil, unknownID: settings.unknownID,
        fusesUnknown: settings.fusesUnknown),
      wholeWords: settings.ignoresMerges ? words : nil)
  }
}
