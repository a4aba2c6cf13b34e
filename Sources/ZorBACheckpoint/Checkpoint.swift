import ZorBADiagnostics
package import ZorBAJSON
package import ZorBATensor

/// A Hugging Face checkpoint directory: `config.json` and the weights, in one file or in shards.
package struct Checkpoint: Sendable {
  /// The path as the user wrote it.
  package let directory: String
  /// `config.json`, parsed.
  package let configuration: JSONValue
  /// The path of `config.json`, for errors about its fields.
  package let configurationPath: String
  /// The weight files, sorted by name; one unless `isSharded`.
  package let shards: [Shard]
  /// Whether the weights come with an index file.
  package let isSharded: Bool

  /// One weight file.
  package struct Shard: Sendable {
    /// The name inside the directory, such as `model-00001-of-00002.safetensors`.
    package let fileName: String
    package let file: SafetensorsFile
    /// The tensors that belong to the model, in the order of their bytes. A shard may hold others,
    /// which its index does not list.
    package let entries: [SafetensorsEntry]
  }

  /// Which shard holds a tensor.
  private let places: NameTable<Int>

  init(
    directory: String, configuration: JSONValue, configurationPath: String, shards: [Shard],
    isSharded: Bool
  ) {
    self.directory = directory
    self.configuration = configuration
    self.configurationPath = configurationPath
    self.shards = shards
    self.isSharded = isSharded
    places = NameTable(
      shards.enumerated().flatMap { place, shard in shard.entries.map { ($0.name, place) } })
  }

  /// What the weight files say of one tensor, or nil when there is none of that name.
  package func entry(named name: String) -> SafetensorsEntry? {
    shard(of: name)?.file.entry(named: name)
  }

  /// The shard that holds a tensor, or nil when there is none of that name.
  func shard(of name: String) -> Shard? { places[name].map { shards[$0] } }
}

extension Checkpoint: TensorSource {
  /// Every name, also of tensors that no `Tensor` can hold.
  package var tensorNames: [String] { places.names }

  /// The tensor over the mapped weight file: writing to it faults.
  ///
  /// - Throws: `ZorBAError` with code `invalidModel` when there is no such tensor,
  ///   `unsupportedModel` when its type is not F32, BF16 or F16.
  package func tensor(named name: String) throws -> Tensor {
    guard let shard = shard(of: name) else {
      throw ZorBAError(
        .invalidModel, "the checkpoint has no such tensor",
        at: .init(file: directory, field: name.excerpt()),
        advice: "The weights may be of another model family than config.json says.")
    }
    return try shard.file.tensor(named: name)
  }
}
