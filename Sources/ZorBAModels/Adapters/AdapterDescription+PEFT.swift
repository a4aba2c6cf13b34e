import ZorBADiagnostics
package import ZorBAJSON

extension AdapterDescription {
  /// Reads an `adapter_config.json` of the PEFT library.
  ///
  /// What does not change the adapted model (initialisation, library versions, task) is ignored; what
  /// changes it in a way not implemented here is refused. A key that is not known counts as switched off
  /// where its value is null, false or empty, since the library adds such keys with every version, and is
  /// refused otherwise.
  ///
  /// - Throws: `ZorBAError`: `unsupportedModel` naming key and value when this version does not implement
  ///   what is asked for; `invalidModel` when a value is missing, ill-typed or out of range.
  package init(peft value: JSONValue, file: String? = nil) throws {
    let reader = try ConfigurationReader(value, file: file)
    guard let type = try reader.string("peft_type") else {
      throw reader.invalid("peft_type", "peft_type is missing")
    }
    let own: Set<String>
    switch type {
    case "LORA":
      own = Self.lowRankKeys
      kind = .lowRank(try Self.lowRank(reader))
    case "IA3":
      own = Self.scalingKeys
      let names = try Self.modules(reader, "feedforward_modules") ?? []
      kind = .scaling(feedForward: names)
    default: throw reader.unsupported("peft_type", advice: "Supported: LORA, IA3.")
    }
    for key in reader.keys where !own.contains(key) && !Self.ignored.contains(key) {
      guard let value = reader.value(key), !Self.isOff(value) else { continue }
      throw reader.unsupported(
        key.excerpt(), advice: "This version reads plain LoRA and IA3 adapters.")
    }
    if reader.value("target_modules")?.string == "all-linear" {
      targets = .allLinear
    } else {
      guard let names = try Self.modules(reader, "target_modules"), !names.isEmpty else {
        throw reader.invalid("target_modules", "target_modules is missing or empty")
      }
      targets = .modules(names)
    }
  }

  private static let lowRankKeys: Set<String> = [
    "r", "lora_alpha", "lora_dropout", "use_rslora", "bias", "init_lora_weights",
    "target_modules", "peft_type", "qalora_group_size", "megatron_core",
  ]
  private static let scalingKeys: Set<String> = [
    "target_modules", "feedforward_modules", "peft_type", "init_ia3_weights",
  ]
  /// What says nothing of how the adapted model computes.
  private static let ignored: Set<String> = [
    "auto_mapping", "base_model_name_or_path", "fan_in_fan_out", "inference_mode",
    "peft_version", "revision", "task_type",
  ]

  private static func isOff(_ value: JSONValue) -> Bool {
    switch value {
    case .null, .bool(false): true
    case .string(let text): text.isEmpty
    case .array(let items): items.isEmpty
    case .object(let object): object.members.isEmpty
    default: false
    }
  }

  private static func lowRank(_ reader: ConfigurationReader) throws -> LowRank {
    guard try reader.string("bias") ?? "none" == "none" else {
      throw reader.unsupported("bias", advice: "Only adapters that leave biases alone are read.")
    }
    // Some ways to begin take from the base what they give the adapter.
    if let start = reader.value("init_lora_weights"), start.bool == nil,
      !["gaussian", "orthogonal"].contains(start.string ?? "")
    {
      throw reader.unsupported(
        "init_lora_weights", advice: "Convert the adapter to plain LoRA with PEFT first.")
    }
    let given = reader.value("lora_dropout") ?? .integer(0)
    guard let dropout = given.double, dropout >= 0, dropout < 1 else {
      throw reader.invalid("lora_dropout", "a number from 0 up to below 1 was expected")
    }
    return LowRank(
      rank: try reader.integer("r", in: 1...largestRank, default: 8),
      alpha: try reader.positive("lora_alpha", default: 8), dropout: dropout,
      isRankStabilised: try reader.bool("use_rslora", default: false))
  }

  private static func modules(
    _ reader: ConfigurationReader, _ key: String
  ) throws -> [String]? {
    if reader.value(key)?.string != nil {
      throw reader.unsupported(key, advice: "List the modules' names; patterns are not read.")
    }
    guard let names = try reader.strings(key) else { return nil }
    guard names.count <= 1 << 16 else { throw reader.invalid(key, "too many names") }
    return names
  }

  /// The `adapter_config.json` that the PEFT library reads.
  ///
  /// - Parameters:
  ///   - model: The base model, whose layout PEFT wants to know of.
  ///   - name: What the base model is called.
  package func peft(for model: ModelConfiguration, named name: String) -> JSONValue {
    var names: [String]
    switch targets {
    case .modules(let modules): names = modules
    case .allLinear:
      // As PEFT itself writes them: the last part of every path, once.
      names = model.adaptedModules(by: self).map { String($0.split(separator: ".").last ?? "") }
      names = Set(names).sorted()
    }
    let storesInputsFirst = model.family.rawValue == "gpt2"
    var members: [(String, JSONValue)] = [
      ("base_model_name_or_path", .string(name)), ("bias", "none"),
      ("fan_in_fan_out", .bool(storesInputsFirst)), ("inference_mode", true),
    ]
    switch kind {
    case .lowRank(let numbers):
      members += [
        ("init_lora_weights", true), ("lora_alpha", .number(numbers.alpha)),
        ("lora_dropout", .number(numbers.dropout)), ("modules_to_save", .null),
        ("peft_type", "LORA"), ("r", .integer(numbers.rank)),
        ("use_rslora", .bool(numbers.isRankStabilised)),
      ]
    case .scaling(let feedForward):
      members.removeAll { $0.0 == "bias" }
      members += [
        ("feedforward_modules", .array(feedForward.map { .string($0) })),
        ("init_ia3_weights", true), ("modules_to_save", .null), ("peft_type", "IA3"),
      ]
    }
    members += [
      ("target_modules", .array(names.map { .string($0) })),
      ("task_type", model.head.peftTask.map { .string($0) } ?? .null),
    ]
    var object = JSONObject()
    for (key, value) in members { _ = object.append(.init(key: key, value: value)) }
    return .object(object)
  }
}

extension OutputHead {
  /// What PEFT calls the task of a model with this head; nil where it has no name for it, or one that
  /// would bring a head of PEFT's own.
  fileprivate var peftTask: String? {
    switch self {
    case .languageModel: "CAUSAL_LM"
    case .embedding, .prototypes, .classifier: "FEATURE_EXTRACTION"
    case .maskedLM, .sequenceClassifier: nil
    }
  }
}

extension ModelConfiguration {
  /// What stands before the names of the base model's layers only in models with a head of the
  /// checkpoint's own, such as `bert.`; nil for decoders, which always have one.
  package var encoderPrefix: String? { isEncoder ? decoderType.basePrefix : nil }

  /// Whether a library sees the model as an encoder without a head.
  package var isBareEncoder: Bool { head.peftTask == "FEATURE_EXTRACTION" }
}
