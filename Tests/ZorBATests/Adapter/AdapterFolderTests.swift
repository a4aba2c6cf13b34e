import Testing
import ZorBACheckpoint
import ZorBADiagnostics
import ZorBAJSON
import ZorBAModels
import ZorBATensor
import ZorBATestSupport

@testable import ZorBA

/// Folders that are damaged, or of adapters that are not read, give errors and nothing else.
@Suite struct AdapterFolderTests {
  private func golden(_ name: String) throws -> AdapterGolden {
    try #require(AdapterGolden.all.first { $0.name == name })
  }

  private func open(_ configuration: [UInt8], _ weights: [UInt8], _ base: ModelConfiguration) throws
  {
    let folder = try TemporaryFolder()
    try folder.write(configuration, to: "adapter_config.json")
    try folder.write(weights, to: "adapter_model.safetensors")
    _ = try AdapterFolder(path: folder.path).tensors(for: base)
  }

  /// The golden's description with some members replaced or added.
  private func described(_ golden: AdapterGolden, _ changes: [(String, JSONValue)]) throws
    -> [UInt8]
  {
    let json = try JSONParser.parse(contents(of: golden.folder + "/adapter_config.json"))
    var object = JSONObject()
    for member in json.object?.members ?? [] {
      guard !changes.contains(where: { $0.0 == member.key }) else { continue }
      _ = object.append(.init(key: member.key, value: member.value))
    }
    for (key, value) in changes { _ = object.append(.init(key: key, value: value)) }
    return Array(JSONValue.object(object).serialized.utf8)
  }

  @Test func whatIsNotImplementedIsRefused() throws {
    let golden = try golden("llama-lora")
    let weights = try contents(of: golden.folder + "/adapter_model.safetensors")
    let base = try golden.working(ComputeContext(threads: 1)).model.configuration
    let refused: [(String, JSONValue, ZorBAError.Code)] = [
      ("use_dora", true, .unsupportedModel), ("bias", "all", .unsupportedModel),
      ("modules_to_save", ["lm_head"], .unsupportedModel),
      ("rank_pattern", ["q_proj": 2], .unsupportedModel),
      ("layers_to_transform", [0], .unsupportedModel),
      ("exclude_modules", "k_proj", .unsupportedModel),
      ("target_modules", ".*q_proj", .unsupportedModel),
      ("init_lora_weights", "pissa", .unsupportedModel),
      ("peft_type", "VERA", .unsupportedModel), ("brand_new_option", 3, .unsupportedModel),
      ("r", 5, .invalidModel), ("r", 0, .invalidModel), ("r", 2.5, .invalidModel),
      ("lora_alpha", -1, .invalidModel), ("lora_alpha", "x", .invalidModel),
      ("lora_dropout", 1, .invalidModel), ("lora_dropout", "x", .invalidModel),
      ("target_modules", ["q_proj"], .invalidModel), ("target_modules", [], .invalidModel),
      ("target_modules", ["q_proj", "k_proj"], .invalidModel),
      ("target_modules", ["query"], .invalidConfiguration), ("peft_type", .null, .invalidModel),
    ]
    for (key, value, code) in refused {
      let error = #expect(throws: ZorBAError.self, "\(key) = \(value.serialized)") {
        try open(described(golden, [(key, value)]), weights, base)
      }
      #expect(error?.code == code, "\(key) = \(value.serialized)")
    }
    try open(described(golden, [("brand_new_option", .null)]), weights, base)
    try open(described(golden, [("another", .bool(false))]), weights, base)
  }

  /// A stabilised scale is the only difference between two adapters.
  @Test func aStabilisedScaleIsRead() throws {
    let golden = try golden("llama-lora")
    let plain = try AdapterDescription(peft: JSONParser.parse(described(golden, [])))
    let stabilised = try AdapterDescription(
      peft: JSONParser.parse(described(golden, [("use_rslora", true)])))
    guard case .lowRank(let a) = plain.kind, case .lowRank(let b) = stabilised.kind else {
      Issue.record("not a LoRA")
      return
    }
    #expect(a.scale == 1.5 && b.scale == 3)
  }

  /// What PEFT is told of the task, and how it names the layers: without the encoder's prefix where the
  /// encoder has no head of the checkpoint's own.
  @Test(arguments: AdapterConfiguration.Kind.allCases)
  func encodersAreWrittenAsPEFTHasThem(_ kind: AdapterConfiguration.Kind) throws {
    let context = try ComputeContext(threads: 1)
    let cases = [
      ("bert", "FEATURE_EXTRACTION", "encoder."), ("roberta", "FEATURE_EXTRACTION", "encoder."),
      ("bert-masked", nil, "bert.encoder."), ("roberta-masked", nil, "roberta.encoder."),
      ("bert-classifier", nil, "bert.encoder."),
    ]
    for (name, task, start) in cases {
      var origin = AdapterOrigin(folder: "")
      origin.configuration = AdapterConfiguration()
      origin.configuration.kind = kind
      origin.seed = 3
      let base = AdapterGolden.tests + "/ZorBAModelsTests/Goldens/encoders/" + name
      let model = try WorkingModel(path: base, context: context, adapter: origin).model
      let folder = try TemporaryFolder()
      let path = folder.path("adapter")
      _ = try AdapterFolder.write(model, to: path, base: "base", overwrite: false)
      let json = try JSONParser.parse(contents(of: path + "/adapter_config.json"))
      #expect(json["task_type"] != nil && json["task_type"]?.string == task)
      let file = try SafetensorsFile(path: path + "/adapter_model.safetensors")
      #expect(file.tensorNames.allSatisfy { $0.hasPrefix("base_model.model." + start) })

      // It is read back under its own head, and as the encoder of a model with another one.
      var heads: [OutputHead] = [model.configuration.head]
      if name == "bert-masked" || name == "bert-classifier" { heads += [.embedding, .prototypes] }
      if name == "bert" { heads += [.maskedLM, .classifier(labels: 3)] }
      for head in heads {
        let configuration = try model.configuration.with(head: head)
        let tensors = try AdapterFolder(path: path).tensors(for: configuration)
        for parameter in model.trainable.all {
          let again = try tensors.tensor(named: parameter.name)
          #expect(Array(again.rawBytes) == Array(parameter.tensor.rawBytes))
        }
      }
    }
    let golden = try golden("opt-lora")
    let decoder = try golden.working(context).model
    let json = decoder.adapter?.peft(for: decoder.configuration, named: "base")
    #expect(json?["task_type"]?.string == "CAUSAL_LM")
  }

  @Test(arguments: ["gpt2-lora", "llama-ia3"])
  func damagedFilesAreErrors(_ name: String) throws {
    let golden = try golden(name)
    let configuration = try contents(of: golden.folder + "/adapter_config.json")
    let weights = try contents(of: golden.folder + "/adapter_model.safetensors")
    let base = try golden.working(ComputeContext(threads: 1)).model.configuration
    var random = SeededGenerator(seed: 31)
    var errors = 0
    for turn in 0..<1500 {
      var (description, tensors) = (configuration, Array(weights.prefix(4096)))
      // The header and what belongs to it; the rest of the file stays whole.
      if turn % 2 == 0 {
        mutate(&description, &random)
      } else {
        mutate(&tensors, &random)
      }
      let file = tensors + weights.dropFirst(4096)
      do {
        try open(description, file, base)
      } catch is ZorBAError {
        errors += 1
      }
    }
    #expect(errors > 700)
  }

  private func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let place = Int.random(in: 0..<max(bytes.count, 1), using: &random)
      guard bytes.indices.contains(place) else { return }
      switch Int.random(in: 0..<4, using: &random) {
      case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes.remove(at: place)
      case 2:
        bytes.insert(Array("0129-.e[]{}\",:".utf8).randomElement(using: &random) ?? 0, at: place)
      default: bytes.removeLast(min(bytes.count, Int.random(in: 0..<64, using: &random)))
      }
    }
  }
}
