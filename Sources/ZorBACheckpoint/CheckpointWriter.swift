import ZorBADiagnostics
import ZorBAJSON
package import ZorBATensor

/// Writes a checkpoint that transformers loads: new weights in the layout of their base.
package enum CheckpointWriter {
  /// What travels with the weights unchanged, where the base has it.
  static let companions = [
    "generation_config.json", "tokenizer.json", "tokenizer.model", "vocab.json", "merges.txt",
    "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.txt",
    "chat_template.jinja",
  ]

  /// Writes the base with the tensors of `tensors` in place of its own.
  ///
  /// Weights go to the same shards in the same order as in the base. Tensors of the base that
  /// `tensors` lacks are carried over, converted like the rest; those that are no floating-point
  /// weights are copied byte for byte. Equal input gives equal bytes. An export that fails takes
  /// its files back; one that is killed leaves no `config.json`, so it cannot be opened.
  ///
  /// - Parameters:
  ///   - base: The checkpoint the run began with.
  ///   - tensors: The trained weights.
  ///   - directory: Where to write; created if need be.
  ///   - dtype: The type to store; nil keeps each tensor as it is in `tensors` or the base.
  ///   - overwrite: Whether the directory may hold something already.
  ///   - audience: Who may read what is made.
  ///   - trainedName: The name in `tensors` for a name in the base: they differ when the
  ///     checkpoint's prefix does, or when the base stores a tied tensor twice. A name that
  ///     `tensors` does not know means the tensor of the base.
  /// - Returns: The names of the files written.
  /// - Throws: `ZorBAError` with code `refused` when the directory is the base or not empty,
  ///   `invalidModel` when a tensor fits no place in the base, `inputOutput` when the disk is full
  ///   or refuses.
  @discardableResult
  package static func export(
    base: Checkpoint, tensors: any TensorSource, to directory: String, dtype: DType? = nil,
    overwrite: Bool = false, audience: FileAudience = .owner,
    trainedName: (String) -> String = { $0 }
  ) throws -> [String] {
    let shards = try plan(base, tensors, dtype, trainedName)
    var folder = try ExportFolder(
      directory, base: base.directory, overwrite: overwrite, audience: audience)
    do {
      return try write(shards, base, into: &folder)
    } catch {
      folder.abandon()
      throw error
    }
  }

  /// One weight file to be written.
  private struct Shard {
    let fileName: String
    let items: [SafetensorsWriter.Item]
    let writer: SafetensorsWriter
  }

  private static func plan(
    _ base: Checkpoint, _ tensors: any TensorSource, _ dtype: DType?,
    _ trainedName: (String) -> String
  ) throws -> [Shard] {
    let trained = NameTable(tensors.tensorNames.map { ($0, true) })
    var used: [(name: String, value: Bool)] = []
    let shards = try base.shards.map { shard in
      let items = try shard.entries.map { entry in
        let name = trainedName(entry.name)
        guard trained[name] ?? false else { return carriedOver(entry, of: shard.file, as: dtype) }
        used.append((name, true))
        return try replacement(
          for: entry, by: tensors.tensor(named: name), as: dtype, file: shard.file.path
        ) { tensors.discardPages(ofTensor: name, bytes: $0) }
      }
      return Shard(
        fileName: shard.fileName, items: items,
        writer: try SafetensorsWriter(items, metadata: [("format", "pt")]))
    }
    let written = NameTable(used)
    if let lost = trained.names.first(where: { written[$0] == nil }) {
      throw ZorBAError(
        .invalidModel, "the base has no place for this trained tensor",
        at: .init(file: base.directory, field: lost.excerpt()),
        advice: "Export with the base model the run began with.")
    }
    return shards
  }

  private static func carriedOver(
    _ entry: SafetensorsEntry, of file: SafetensorsFile, as dtype: DType?
  ) -> SafetensorsWriter.Item {
    let target = entry.element.dtype.flatMap { _ in dtype }.map(SafetensorsElement.init)
    return .init(
      name: entry.name, element: target ?? entry.element, shape: entry.shape,
      content: .stored(file, entry))
  }

  private static func replacement(
    for entry: SafetensorsEntry, by tensor: Tensor, as dtype: DType?, file: String,
    done: @escaping (Range<Int>) -> Void
  ) throws -> SafetensorsWriter.Item {
    guard tensor.shape == entry.shape else {
      throw ZorBAError(
        .invalidModel, "the trained tensor has shape \(tensor.shape), the base \(entry.shape)",
        at: .init(file: file, field: entry.name.excerpt()),
        advice: "Export with the base model the run began with.")
    }
    return .init(
      name: entry.name, element: SafetensorsElement(dtype ?? tensor.dtype), shape: tensor.shape,
      content: .tensor(tensor, done: done))
  }

  private static func write(
    _ shards: [Shard], _ base: Checkpoint, into folder: inout ExportFolder
  ) throws -> [String] {
    let audience = folder.audience
    let present = companions.filter { Checkpoint.exists(Checkpoint.path($0, in: base.directory)) }
    // config.json goes first and comes back last: without it nothing opens a half-written export.
    try folder.remove([Checkpoint.configurationName])
    try folder.removeWeights()
    try folder.remove(companions.filter { !present.contains($0) })
    for shard in shards {
      try folder.write(shard.fileName) { try shard.writer.write(to: $0, audience: audience) }
    }
    var names = shards.map(\.fileName)
    if base.isSharded {
      let index = index(of: shards)
      try folder.write(Checkpoint.indexName) {
        try write(index.serializedForReading, to: $0, audience)
      }
      names.append(Checkpoint.indexName)
    }
    for name in present {
      try folder.write(name) {
        try copy(Checkpoint.path(name, in: base.directory), to: $0, audience)
      }
    }
    try folder.write(Checkpoint.configurationName) { target in
      if let configuration = ExportedConfiguration.adjusted(
        base, to: shards.flatMap { $0.items.compactMap(\.element.dtype) })
      {
        try write(configuration.serializedForReading, to: target, audience)
      } else {
        try copy(base.configurationPath, to: target, audience)
      }
    }
    return names + present + [Checkpoint.configurationName]
  }

  private static func index(of shards: [Shard]) -> JSONValue {
    let places = NameTable(
      shards.flatMap { shard in shard.items.map { ($0.name, shard.fileName) } })
    var map = JSONObject()
    for row in places.rows { _ = map.append(.init(key: row.name, value: .string(row.value))) }
    return [
      "metadata": ["total_size": .integer(shards.reduce(0) { $0 + $1.writer.dataByteCount })],
      "weight_map": .object(map),
    ]
  }

  private static func write(
    _ text: String, to path: String, _ audience: FileAudience
  ) throws {
    let file = try AtomicFile(path: path, audience: audience)
    try file.append(text)
    try file.commit()
  }

  private static func copy(
    _ source: String, to path: String, _ audience: FileAudience
  ) throws {
    let file = try AtomicFile(path: path, audience: audience)
    try MappedFile.withContent(of: source) { try file.append($0) }
    try file.commit()
  }
}
