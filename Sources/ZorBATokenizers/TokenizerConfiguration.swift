import ZorBADiagnostics
import ZorBAJSON

/// What the files beside a vocabulary say: which tokens have a role, which are added, which stand
/// around a sequence.
///
/// Sources: `tokenizer_config.json`, `special_tokens_map.json`, `added_tokens.json`, and the
/// `model_type` of `config.json`. Each may be absent.
struct TokenizerConfiguration {
  /// An added token whose id may have to be looked up.
  struct Declared {
    var token: AddedToken
    var id: Int?
    var source: ModelFile
  }

  private(set) var roles = Tokenizer.Roles()
  private(set) var declared: [Declared] = []
  private(set) var addsBOS: Bool?
  private(set) var addsEOS: Bool?
  private(set) var addsPrefixSpace = false
  private(set) var isLegacy = true
  private(set) var tokenizerClass: String?
  /// What a BERT tokenizer does to text; nil where no file says.
  private(set) var lowercases: Bool?
  private(set) var stripsAccents: Bool?
  private(set) var spacesChineseCharacters: Bool?
  private(set) var modelType: String?
  /// The file that named the class or type, for errors.
  private(set) var source: ModelFile?

  private static var roleKeys: [(key: String, path: WritableKeyPath<Tokenizer.Roles, String?>)] {
    [
      ("bos_token", \.bos), ("eos_token", \.eos), ("pad_token", \.pad), ("unk_token", \.unknown),
      ("cls_token", \.cls), ("sep_token", \.separator), ("mask_token", \.mask),
    ]
  }

  /// Reads what the folder has.
  ///
  /// - Throws: `ZorBAError` for a file that is damaged.
  init(_ folder: ModelFolder) throws {
    for name in ["tokenizer_config.json", "special_tokens_map.json"] {
      if let file = folder.file(name) { try readRoles(of: file, try file.readObject()) }
    }
    if let file = folder.file("added_tokens.json") {
      for member in try file.readObject().members {
        guard let id = member.value.integer else {
          throw file.invalid(member.key, "the id is \(member.value.kind)", line: member.line)
        }
        declare(AddedToken(content: Array(member.key.utf8), id: 0), id: id, from: file)
      }
    }
    if let file = folder.file("config.json") {
      modelType = try file.string("model_type", in: try file.readObject(), at: "config")
      source = source ?? file
    }
  }

  private mutating func readRoles(of file: ModelFile, _ object: JSONObject) throws {
    if let name = try file.string("tokenizer_class", in: object, at: "") {
      tokenizerClass = name
      source = file
    }
    if object["add_bos_token"]?.bool != nil { addsBOS = object["add_bos_token"]?.bool }
    if object["add_eos_token"]?.bool != nil { addsEOS = object["add_eos_token"]?.bool }
    lowercases = object["do_lower_case"]?.bool ?? lowercases
    stripsAccents = object["strip_accents"]?.bool ?? stripsAccents
    spacesChineseCharacters = object["tokenize_chinese_chars"]?.bool ?? spacesChineseCharacters
    addsPrefixSpace =
      try file.flag("add_prefix_space", in: object, at: "", default: addsPrefixSpace)
    isLegacy = try file.flag("legacy", in: object, at: "", default: isLegacy)
    if let decoder = try file.object("added_tokens_decoder", in: object, at: "") {
      for member in decoder.members {
        guard let id = Int(member.key), let token = try token(member.value, file, member.key) else {
          throw file.invalid("added_tokens_decoder", "'\(member.key)' is not a token id")
        }
        declare(token, id: id, from: file)
      }
    }
    for (key, path) in Self.roleKeys {
      guard let value = object[key], let token = try token(value, file, key) else { continue }
      if roles[keyPath: path] == nil {
        roles[keyPath: path] = String(decoding: token.content, as: UTF8.self)
      }
      declare(token, id: nil, from: file)
    }
    for key in ["additional_special_tokens", "extra_special_tokens"] {
      for value in object[key]?.array ?? [] {
        if let token = try token(value, file, key) { declare(token, id: nil, from: file) }
      }
    }
  }

  /// A token written as a string or as an object; nil for null.
  private func token(_ value: JSONValue, _ file: ModelFile, _ field: String) throws -> AddedToken? {
    if value.isNull { return nil }
    if let content = value.string { return AddedToken(content: Array(content.utf8), id: 0) }
    guard let object = value.object else {
      throw file.invalid(field, "\(value.kind) stands where a token should")
    }
    return try AddedToken(object, file: file, field: field)
  }

  private mutating func declare(_ token: AddedToken, id: Int?, from file: ModelFile) {
    if token.content.isEmpty { return }
    if let known = declared.firstIndex(where: { $0.token.content == token.content }) {
      declared[known].id = declared[known].id ?? id
    } else {
      declared.append(Declared(token: token, id: id, source: file))
    }
  }

  /// Names the role of a token unless a file did.
  mutating func assume(_ role: WritableKeyPath<Tokenizer.Roles, String?>, _ content: String) {
    if roles[keyPath: role] == nil { roles[keyPath: role] = content }
    declare(
      AddedToken(content: Array(content.utf8), id: 0), id: nil,
      from: source ?? ModelFile(path: ""))
  }

  /// Puts the declared tokens into a vocabulary and gives them their ids.
  ///
  /// A token with a role that neither has an id nor is in the vocabulary is left out: the model has
  /// no row for it.
  ///
  /// - Throws: `ZorBAError` when a file gives a token another id than the vocabulary does.
  func addTokens(to vocabulary: inout VocabularyBuilder) throws -> [AddedToken] {
    try declared.compactMap { declaration in
      try vocabulary.resolve(
        declaration.token, id: declaration.id, file: declaration.source, field: "added tokens")
    }
  }
}

extension VocabularyBuilder {
  /// Adds an added token, or finds it; nil when it has no id anywhere.
  mutating func resolve(
    _ token: AddedToken, id: Int?, file: ModelFile, field: String
  ) throws -> AddedToken? {
    var token = token
    if let known = self.id(of: token.content) {
      if let id, id != Int(known) {
        throw file.invalid(
          field,
          "token '\(String(decoding: token.content, as: UTF8.self))' has id \(id) here and \(known)"
            + " in the vocabulary")
      }
      token.id = known
    } else {
      guard let id else { return nil }
      try add(token.content, id: id, at: field)
      token.id = Int32(truncatingIfNeeded: id)
    }
    return token
  }
}

extension AddedToken {
  /// Reads a token object: `{"content", "special", "lstrip", "rstrip", "single_word",
  /// "normalized"}`.
  init(_ object: JSONObject, file: ModelFile, field: String) throws {
    self.init(
      content: Array(try file.required("content", in: object, at: field).utf8), id: 0,
      isSpecial: try file.flag("special", in: object, at: field, default: true),
      stripsLeft: try file.flag("lstrip", in: object, at: field, default: false),
      stripsRight: try file.flag("rstrip", in: object, at: field, default: false),
      isSingleWord: try file.flag("single_word", in: object, at: field, default: false),
      isNormalized: try file.flag("normalized", in: object, at: field, default: false))
  }
}
