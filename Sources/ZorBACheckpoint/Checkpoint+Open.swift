import ZorBADiagnostics
import ZorBAJSON

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension Checkpoint {
  static let configurationName = "config.json"
  static let weightsName = "model.safetensors"
  static let indexName = "model.safetensors.index.json"

  /// Opens a checkpoint directory; the weights are mapped, not read.
  ///
  /// As in transformers, `model.safetensors` is taken when it exists and the index otherwise.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput` when the directory or a file is missing,
  ///   `invalidModel` when a file is damaged or the index contradicts the shards,
  ///   `unsupportedModel` when the weights are in another format.
  package static func open(directory: String) throws -> Checkpoint {
    try checkDirectory(directory)
    let configurationPath = path(configurationName, in: directory)
    let configuration = try configuration(at: configurationPath)
    let isSharded = !exists(path(weightsName, in: directory))
    let shards =
      isSharded
      ? try indexedShards(in: directory)
      : [
        try Shard(
          fileName: weightsName, file: SafetensorsFile(path: path(weightsName, in: directory)))
      ]
    return Checkpoint(
      directory: directory, configuration: configuration, configurationPath: configurationPath,
      shards: shards, isSharded: isSharded)
  }

  /// Joins a directory as the user wrote it and a name inside it.
  static func path(_ name: String, in directory: String) -> String {
    directory.hasSuffix("/") ? directory + name : directory + "/" + name
  }

  /// Whether anything stands at the path, links followed.
  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  private static func checkDirectory(_ directory: String) throws {
    var status = stat()
    guard stat(directory, &status) == 0 else {
      throw ZorBAError(
        .inputOutput, "cannot open the checkpoint directory", at: .init(file: directory),
        advice: "Give the path of a folder with config.json and model.safetensors in it.",
        cause: SystemError.last)
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw ZorBAError(
        .inputOutput, "is a file; a checkpoint is a directory", at: .init(file: directory),
        advice: "Give the folder that holds config.json and model.safetensors.")
    }
  }

  private static func configuration(at path: String) throws -> JSONValue {
    guard exists(path) else {
      throw ZorBAError(
        .inputOutput, "the checkpoint has no config.json", at: .init(file: path),
        advice: "Download the whole model folder; config.json says which architecture it is.")
    }
    let file = try MappedFile(path: path)
    let value = try JSONParser.parse(
      file.bytes.bindMemory(to: UInt8.self), file: path, code: .invalidModel)
    guard value.object != nil else {
      throw ZorBAError(
        .invalidModel, "holds \(value.kind); an object is needed", at: .init(file: path),
        advice: "Download config.json again.")
    }
    return value
  }

  private static func indexedShards(in directory: String) throws -> [Shard] {
    let indexPath = path(indexName, in: directory)
    guard exists(indexPath) else { throw noWeights(in: directory) }
    let index = try CheckpointIndex(path: indexPath)
    return try index.shards.map { shard in
      let shardPath = path(shard.fileName, in: directory)
      guard exists(shardPath) else {
        throw ZorBAError(
          .inputOutput, "the shard '\(shard.fileName.excerpt())' is missing",
          at: .init(file: indexPath, line: shard.line, field: shard.names.first?.excerpt()),
          advice: "Download \(shardPath.excerpt(limit: 400)) too.")
      }
      let file = try SafetensorsFile(path: shardPath)
      for name in shard.names where file.entry(named: name) == nil {
        throw ZorBAError(
          .invalidModel, "the shard '\(shard.fileName.excerpt())' has no such tensor",
          at: .init(file: indexPath, field: name.excerpt()),
          advice: "Index and shards come from different downloads; fetch them all again.")
      }
      return Shard(fileName: shard.fileName, file: file, names: shard.names)
    }
  }

  private static func noWeights(in directory: String) -> ZorBAError {
    let pickled = ["pytorch_model.bin", "pytorch_model.bin.index.json"].first {
      exists(path($0, in: directory))
    }
    guard let pickled else {
      return ZorBAError(
        .inputOutput, "the checkpoint has neither \(weightsName) nor \(indexName)",
        at: .init(file: directory),
        advice: "Download the weights in safetensors form into this folder.")
    }
    return ZorBAError(
      .unsupportedModel, "the weights are a Python pickle, which is not read here",
      at: .init(file: path(pickled, in: directory)),
      advice: "Convert once: python3 -c \"import sys, transformers as t; "
        + "t.AutoModelForCausalLM.from_pretrained(sys.argv[1], torch_dtype='auto')"
        + ".save_pretrained(sys.argv[1], safe_serialization=True)\" '\(directory)'")
  }
}

extension Checkpoint.Shard {
  /// A shard whose every tensor belongs to the model.
  init(fileName: String, file: SafetensorsFile) {
    self.init(fileName: fileName, file: file, entries: file.entries)
  }

  /// A shard of which the index lists `names`, all of them present.
  init(fileName: String, file: SafetensorsFile, names: [String]) {
    let listed = NameTable(names.map { ($0, true) })
    self.init(
      fileName: fileName, file: file, entries: file.entries.filter { listed[$0.name] ?? false })
  }
}
