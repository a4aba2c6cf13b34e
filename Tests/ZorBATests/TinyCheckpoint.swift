import ZorBACheckpoint
import ZorBAJSON
import ZorBAModels
import ZorBATensor
import ZorBATestSupport

/// A Hugging Face folder of a few thousand random weights over a vocabulary of 256 bytes.
struct TinyCheckpoint {
  enum Family: String, CaseIterable {
    case llama, opt
  }

  var family = Family.llama
  var dtype = DType.float32
  var layers = 3
  var seed: UInt64 = 1
  /// Whether the head is the embedding.
  var tiedHead = true
  /// Whether a tied head is in the file as well.
  var storesHeadTwice = false
  /// Whether names start with the base model's prefix, as those of causal language models do.
  var hasPrefix = true
  /// The weight files; 1 needs no index.
  var shards = 1
  /// A byte whose embedding no loss survives.
  var poisonedByte: UInt8?

  /// Writes the folder and returns its path.
  func write(to folder: TemporaryFolder, as name: String = "model") throws -> String {
    try folder.write(json.serialized, to: "\(name)/config.json")
    try folder.write(Self.tokenizer.serialized, to: "\(name)/tokenizer.json")
    let source = try tensors()
    let path = folder.path(name)
    guard shards > 1 else {
      try SafetensorsWriter(source, dtype: dtype).write(to: "\(path)/model.safetensors")
      return path
    }
    var map = JSONObject()
    for shard in 0..<shards {
      let file = "model-0000\(shard + 1)-of-0000\(shards).safetensors"
      let members = source.tensorNames.enumerated().filter { $0.offset % shards == shard }
        .map(\.element)
      for name in members { _ = map.append(.init(key: name, value: .string(file))) }
      try SafetensorsWriter(source, names: members, dtype: dtype).write(to: "\(path)/\(file)")
    }
    let index: JSONValue = ["metadata": ["total_size": 0], "weight_map": .object(map)]
    try folder.write(index.serialized, to: "\(name)/model.safetensors.index.json")
    return path
  }

  private func tensors() throws -> MemoryTensors {
    var random = SeededGenerator(seed: seed)
    var source = MemoryTensors()
    let shapes = try ModelConfiguration(huggingFace: json).parameterShapes.flatMap { $0 }
    for (name, shape) in shapes {
      var values = (0..<shape.reduce(1, *)).map { _ in Float.random(in: -1.5...1.5, using: &random)
      }
      for index in values.indices {
        values[index] =
          shape.count == 1
          ? (name.hasSuffix("weight") ? 1 : 0) + 0.1 * values[index]
          : values[index] / Float(shape[1]).squareRoot()
      }
      if let poisonedByte, name.hasSuffix("embed_tokens.weight") {
        values[Int(poisonedByte) * shape[1]] = .infinity
      }
      try source.add(stored(name), shape: shape, values)
      if storesHeadTwice, name.hasSuffix("embed_tokens.weight") {
        try source.add("lm_head.weight", shape: shape, values)
      }
    }
    return source
  }

  private func stored(_ name: String) -> String {
    !hasPrefix && name.hasPrefix("model.") ? String(name.dropFirst("model.".count)) : name
  }

  private static let width = 16

  private var json: JSONValue {
    switch family {
    case .llama:
      [
        "model_type": "llama", "hidden_size": .integer(Self.width), "intermediate_size": 24,
        "num_attention_heads": 2, "num_key_value_heads": 1, "num_hidden_layers": .integer(layers),
        "vocab_size": 256, "max_position_embeddings": 64, "tie_word_embeddings": .bool(tiedHead),
        "torch_dtype": .string(dtype.rawValue),
      ]
    case .opt:
      [
        "model_type": "opt", "hidden_size": .integer(Self.width), "ffn_dim": 24,
        "word_embed_proj_dim": .integer(Self.width), "num_attention_heads": 2,
        "num_hidden_layers": .integer(layers), "vocab_size": 256, "max_position_embeddings": 64,
        "tie_word_embeddings": .bool(tiedHead), "torch_dtype": .string(dtype.rawValue),
      ]
    }
  }

  /// A byte-level tokenizer without merges: a token is a byte, its id the byte's value.
  private static let tokenizer: JSONValue = {
    let printable = Array(33...126) + Array(161...172) + Array(174...255)
    var vocabulary = JSONObject()
    var substitutes = 0
    for byte in 0..<256 {
      let code = printable.contains(byte) ? byte : 256 + substitutes
      if !printable.contains(byte) { substitutes += 1 }
      guard let scalar = Unicode.Scalar(code) else { continue }
      _ = vocabulary.append(.init(key: String(Character(scalar)), value: .integer(byte)))
    }
    return [
      "version": "1.0", "truncation": nil, "padding": nil, "added_tokens": [], "normalizer": nil,
      "pre_tokenizer": [
        "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true,
      ],
      "post_processor": nil,
      "decoder": [
        "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true,
      ],
      "model": [
        "type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": nil,
        "end_of_word_suffix": nil, "fuse_unk": false, "byte_fallback": false,
        "vocab": .object(vocabulary), "merges": [],
      ],
    ]
  }()
}
