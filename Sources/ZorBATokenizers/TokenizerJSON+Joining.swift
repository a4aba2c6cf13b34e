import ZorBADiagnostics
import ZorBAJSON

/// The `post_processor` and `decoder` sections.
extension TokenizerJSON {
  /// The special tokens around a sequence; without a post-processor the configuration decides.
  func template(
    _ value: JSONValue?, _ configuration: TokenizerConfiguration, _ vocabulary: Vocabulary
  ) throws -> Template {
    if let value, !value.isNull {
      return try template(value, vocabulary, at: "post_processor") ?? Template()
    }
    let roles = configuration.roles
    return Template(
      prefix: configuration.addsBOS ?? false ? roles.bos.id(in: vocabulary) : [],
      suffix: configuration.addsEOS ?? false ? roles.eos.id(in: vocabulary) : [])
  }

  private func template(
    _ value: JSONValue, _ vocabulary: Vocabulary, at field: String
  ) throws -> Template? {
    guard let (type, object) = try component(value, at: field) else { return nil }
    switch type {
    case "ByteLevel": return nil
    case "BertProcessing", "RobertaProcessing":
      return try enclosingTemplate(object, vocabulary, at: field)
    case "TemplateProcessing": return try template(object, vocabulary, at: field)
    case "Sequence":
      var found: Template?
      for (index, value) in try file.array("processors", in: object, at: field).enumerated() {
        let place = "\(field).processors[\(index)]"
        guard let inner = try template(value, vocabulary, at: place) else { continue }
        guard found == nil else {
          throw file.unsupported(
            place, "a second template", supported: "one TemplateProcessing")
        }
        found = inner
      }
      return found
    default:
      throw file.unsupported(
        "\(field).type", type,
        supported: "TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel and Sequence")
    }
  }

  private func template(
    _ object: JSONObject, _ vocabulary: Vocabulary, at field: String
  ) throws -> Template {
    var template = Template()
    var hasText = false
    for (index, piece) in try file.array("single", in: object, at: field).enumerated() {
      let place = "\(field).single[\(index)]"
      if piece["Sequence"]?["id"]?.string == "A", !hasText {
        hasText = true
        continue
      }
      guard let name = piece["SpecialToken"]?["id"]?.string else {
        throw file.unsupported(
          place, piece.serialized, supported: "special tokens around one sequence A")
      }
      guard let ids = object["special_tokens"]?[name]?["ids"]?.array else {
        throw file.invalid("\(field).special_tokens", "token '\(name)' has no ids")
      }
      for value in ids {
        guard let id = value.integer.flatMap({ Int32(exactly: $0) }), vocabulary.contains(id)
        else {
          throw file.invalid(
            "\(field).special_tokens", "id \(value.serialized) of '\(name)' is no token")
        }
        if hasText { template.suffix.append(id) } else { template.prefix.append(id) }
      }
    }
    guard hasText else { throw file.invalid("\(field).single", "sequence A is missing") }
    return template
  }

  func decoder(_ value: JSONValue?, _ vocabulary: Vocabulary) throws -> Decoder {
    var draft = DecoderDraft()
    try add(value, to: &draft, at: "decoder")
    return Decoder(
      rule: draft.rule ?? .replacing(draft.replacements), byteRuns: draft.byteRuns,
      leadingStrip: draft.strip,
      separator: value?.isNull ?? true ? [UInt8(ascii: " ")] : [], vocabulary: vocabulary)
  }

  private struct DecoderDraft {
    var rule: Decoder.Rule?
    var replacements: [Decoder.Replacement] = []
    var byteRuns = Decoder.ByteRuns.none
    var isFused = false
    var strip: Decoder.LeadingStrip?
  }

  /// Adds one step; the steps of a sequence must come in the order in which they are applied here.
  private func add(_ value: JSONValue?, to draft: inout DecoderDraft, at field: String) throws {
    guard let (type, object) = try component(value, at: field) else { return }
    let isFresh = draft.rule == nil && draft.replacements.isEmpty && draft.byteRuns == .none
    switch type {
    case "Sequence":
      for (index, value) in try file.array("decoders", in: object, at: field).enumerated() {
        try add(value, to: &draft, at: "\(field).decoders[\(index)]")
      }
      return
    case "ByteLevel" where isFresh && !draft.isFused:
      draft.rule = .byteLevel
      return
    case "WordPiece" where isFresh && !draft.isFused:
      draft.rule = .wordPiece(
        Array((try file.string("prefix", in: object, at: field) ?? "##").utf8),
        cleansUp: try file.flag("cleanup", in: object, at: field, default: true))
      return
    case "Metaspace" where draft.rule == nil && draft.replacements.isEmpty && !draft.isFused:
      let metaspace = try metaspace(object, at: field)
      draft.rule = .metaspace(metaspace.replacement, dropsFirst: metaspace.prepend != .never)
      return
    case "Replace" where draft.rule == nil && draft.byteRuns == .none && !draft.isFused:
      draft.replacements.append(try replacement(object, at: field))
      return
    case "ByteFallback" where draft.rule == nil && !draft.isFused:
      draft.byteRuns = .whole
      return
    case "Fuse":
      draft.isFused = true
      return
    case "Strip" where draft.isFused && draft.strip == nil:
      draft.strip = try strip(object, at: field)
      return
    default:
      throw file.unsupported(
        "\(field).type", type,
        supported:
          "ByteLevel, Metaspace, WordPiece, or Replace, ByteFallback, Fuse and Strip in this order")
    }
  }

  private func strip(_ object: JSONObject, at field: String) throws -> Decoder.LeadingStrip {
    let stop = try file.integer("stop", in: object, at: field) ?? 0
    guard stop == 0 else {
      throw file.unsupported("\(field).stop", "\(stop)", supported: "0")
    }
    let count = try file.integer("start", in: object, at: field) ?? 0
    guard count >= 0 else { throw file.invalid("\(field).start", "\(count) is negative") }
    let content = try file.required("content", in: object, at: field)
    guard content.unicodeScalars.count == 1 else {
      throw file.invalid("\(field).content", "'\(content)' is not one character")
    }
    return .characters(Array(content.utf8), count: count)
  }
}
