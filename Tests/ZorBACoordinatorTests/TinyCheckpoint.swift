import ZorBACheckpoint
import ZorBADiagnostics
import ZorBAJSON
import ZorBAModels
import ZorBATensor
import ZorBATestSupport

/// A checkpoint folder of a few thousand random weights over a vocabulary of 256 bytes.
enum TinyCheckpoint {
  enum Family: Sendable {
    case llama, bert
  }

  /// Writes the folder and returns its path.
  ///
  /// - Parameter width: Of the feed-forward layers: 6000 makes 3.5 MB of weights.
  static func write(
    to folder: TemporaryFolder, as name: String = "model", width: Int = 24,
    family: Family = .llama, seed: UInt64 = 1
  ) throws -> String {
    let configuration = family == .bert ? encoder : configuration(width: width)
    try folder.write(configuration.serialized, to: "\(name)/config.json")
    switch family {
    case .llama: try folder.write(tokenizer.serialized, to: "\(name)/tokenizer.json")
    case .bert: try folder.write(wordPieces, to: "\(name)/vocab.txt")
    }
    var random = SeededGenerator(seed: seed)
    var source = MemoryTensors()
    let model = try ModelConfiguration(huggingFace: configuration)
    for (name, shape) in model.parameterShapes.flatMap({ $0 }) {
      let values = (0..<shape.reduce(1, *)).map { _ in
        let value = Float.random(in: -1.5...1.5, using: &random)
        return shape.count == 1 ? 1 + 0.1 * value : value / Float(shape[1]).squareRoot()
      }
      try source.add(name, shape: shape, values)
    }
    let path = folder.path(name)
    try SafetensorsWriter(source, dtype: .float32).write(to: "\(path)/model.safetensors")
    return path
  }

  private static func configuration(width: Int) -> JSONValue {
    [
      "model_type": "llama", "hidden_size": 16, "intermediate_size": .integer(width),
      "num_attention_heads": 2, "num_key_value_heads": 1, "num_hidden_layers": 3,
      "vocab_size": 256, "max_position_embeddings": 64, "tie_word_embeddings": true,
      "torch_dtype": "float32",
    ]
  }

  /// A BERT without heads.
  private static let encoder: JSONValue = [
    "model_type": "bert", "architectures": ["BertModel"], "hidden_size": 16,
    "intermediate_size": 24, "num_attention_heads": 2, "num_hidden_layers": 2, "vocab_size": 64,
    "max_position_embeddings": 64, "type_vocab_size": 2, "hidden_act": "gelu",
    "layer_norm_eps": 1e-12, "pad_token_id": 0, "torch_dtype": "float32",
  ]

  /// Letters, at the beginning of a word and within one.
  private static let wordPieces: String = {
    let letters = "abcdefghijklmnopqrstuvwxyz".map { String($0) }
    let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "="]
    return (special + letters + letters.map { "##" + $0 }).map { $0 + "\n" }.joined()
  }()

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
    let level: JSONValue = [
      "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true,
    ]
    return [
      "version": "1.0", "truncation": nil, "padding": nil, "added_tokens": [], "normalizer": nil,
      "pre_tokenizer": level, "post_processor": nil, "decoder": level,
      "model": [
        "type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": nil,
        "end_of_word_suffix": nil, "fuse_unk": false, "byte_fallback": false,
        "vocab": .object(vocabulary), "merges": [],
      ],
    ]
  }()
}

/// Named binary32 tensors in memory.
private struct MemoryTensors: TensorSource {
  private var tensors: [String: Tensor] = [:]

  var tensorNames: [String] { tensors.keys.sorted() }

  func tensor(named name: String) throws -> Tensor {
    guard let tensor = tensors[name] else { throw ZorBAError(.invalidModel, "no tensor \(name)") }
    return tensor
  }

  mutating func add(_ name: String, shape: [Int], _ values: [Float]) throws {
    let buffer = try AlignedBuffer(byteCount: values.count * 4)
    values.withUnsafeBytes { bytes in
      UnsafeMutableRawBufferPointer(start: buffer.bytes, count: bytes.count).copyMemory(from: bytes)
    }
    tensors[name] = Tensor(dtype: .float32, shape: shape, bytes: buffer.bytes, owner: buffer)
  }
}
