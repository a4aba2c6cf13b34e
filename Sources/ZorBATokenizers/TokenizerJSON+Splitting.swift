import ZorBADiagnostics
import ZorBAJSON

/// The `normalizer` and `pre_tokenizer` sections.
extension TokenizerJSON {
  func normalizerSteps(_ value: JSONValue?, at field: String) throws -> [Normalizer.Step] {
    guard let (type, object) = try component(value, at: field) else { return [] }
    switch type {
    case "Sequence":
      return try file.array("normalizers", in: object, at: field).enumerated().flatMap {
        try normalizerSteps($1, at: "\(field).normalizers[\($0)]")
      }
    case "NFC": return [.composed]
    case "BertNormalizer": return [.bert(try bertNormalizer(object, at: field))]
    case "Prepend":
      return [.prepend(Array(try file.required("prepend", in: object, at: field).utf8))]
    case "Replace":
      let replacement = try replacement(object, at: field)
      return [.replace(replacement.pattern, with: replacement.content)]
    case "Strip":
      return [
        .strip(
          left: try file.flag("strip_left", in: object, at: field, default: true),
          right: try file.flag("strip_right", in: object, at: field, default: true))
      ]
    default:
      throw file.unsupported(
        "\(field).type", type,
        supported: "NFC, BertNormalizer, Prepend, Replace, Strip and Sequence")
    }
  }

  /// The steps, and whether words then go through the byte alphabet.
  func preTokenizer(
    _ value: JSONValue?, at field: String = "pre_tokenizer"
  ) throws -> (steps: [PreTokenizer.Step], isByteLevel: Bool) {
    guard let (type, object) = try component(value, at: field) else { return ([], false) }
    switch type {
    case "Sequence":
      var steps: [PreTokenizer.Step] = []
      var isByteLevel = false
      for (index, value) in try file.array("pretokenizers", in: object, at: field).enumerated() {
        let place = "\(field).pretokenizers[\(index)]"
        if isByteLevel {
          throw file.unsupported(
            place, "a step behind ByteLevel", supported: "ByteLevel as the last step")
        }
        let inner = try preTokenizer(value, at: place)
        steps += inner.steps
        isByteLevel = inner.isByteLevel
      }
      return (steps, isByteLevel)
    case "ByteLevel":
      var steps: [PreTokenizer.Step] = []
      if try file.flag("add_prefix_space", in: object, at: field, default: true) {
        steps.append(.prefixSpace)
      }
      if try file.flag("use_regex", in: object, at: field, default: true) {
        steps.append(.split(.gpt2))
      }
      return (steps, true)
    case "Split": return ([.split(try splitPattern(object, at: field))], false)
    case "Digits":
      let individually =
        try file.flag("individual_digits", in: object, at: field, default: false)
      return ([.digits(individually: individually)], false)
    case "BertPreTokenizer": return ([.bert], false)
    case "Metaspace": return ([.metaspace(try metaspace(object, at: field))], false)
    default:
      throw file.unsupported(
        "\(field).type", type,
        supported: "ByteLevel, Split, BertPreTokenizer, Metaspace, Digits and Sequence")
    }
  }

  private func splitPattern(_ object: JSONObject, at field: String) throws -> SplitPattern {
    let expression = object["pattern"]?["Regex"]?.string
    guard let expression, let pattern = SplitPattern(expression: expression) else {
      throw file.unsupported(
        "\(field).pattern", expression ?? object["pattern"]?.serialized ?? "null",
        supported: "the regular expressions of GPT-2, Llama 3 and Qwen2")
    }
    let behavior = try file.string("behavior", in: object, at: field) ?? ""
    guard behavior == "Isolated" else {
      throw file.unsupported("\(field).behavior", behavior, supported: "Isolated")
    }
    if try file.flag("invert", in: object, at: field, default: false) {
      throw file.unsupported("\(field).invert", "true", supported: "false")
    }
    return pattern
  }

  func metaspace(_ object: JSONObject, at field: String) throws -> PreTokenizer.Metaspace {
    let replacement = try file.string("replacement", in: object, at: field) ?? "▁"
    guard replacement.unicodeScalars.count == 1 else {
      throw file.invalid("\(field).replacement", "'\(replacement)' is not one character")
    }
    let prefixes = try file.flag("add_prefix_space", in: object, at: field, default: true)
    let scheme =
      try file.string("prepend_scheme", in: object, at: field) ?? (prefixes ? "always" : "never")
    let prepend: PreTokenizer.Metaspace.Prepend
    switch scheme {
    case "always": prepend = .always
    case "first": prepend = .first
    case "never": prepend = .never
    default:
      throw file.unsupported(
        "\(field).prepend_scheme", scheme, supported: "always, first and never")
    }
    return .init(
      replacement: Array(replacement.utf8), prepend: prepend,
      splits: try file.flag("split", in: object, at: field, default: true))
  }

  /// The pattern and content of a `Replace` step.
  func replacement(_ object: JSONObject, at field: String) throws -> Decoder.Replacement {
    guard let pattern = object["pattern"]?["String"]?.string, !pattern.isEmpty else {
      throw file.unsupported(
        "\(field).pattern", object["pattern"]?.serialized ?? "null",
        supported: "{\"String\": …} that is not empty")
    }
    return .init(
      pattern: Array(pattern.utf8),
      content: Array(try file.required("content", in: object, at: field).utf8))
  }

  /// The type and members of a section; nil when it is absent or null.
  func component(
    _ value: JSONValue?, at field: String
  ) throws -> (type: String, object: JSONObject)? {
    guard let value, !value.isNull else { return nil }
    guard let object = value.object else {
      throw file.invalid(field, "\(value.kind) stands where an object should")
    }
    return (try file.required("type", in: object, at: field), object)
  }
}
