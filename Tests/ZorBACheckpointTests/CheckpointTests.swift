import Testing
import ZorBACheckpoint
import ZorBADiagnostics
import ZorBAJSON
import ZorBATensor

@Suite struct CheckpointTests {
  private static let shardNames = (1...2).map { "model-0000\($0)-of-00002.safetensors" }

  /// A copy of the sharded reference checkpoint to damage.
  private func sharded() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for name in Self.shardNames + ["config.json", "model.safetensors.index.json"] {
      try folder.copy(Golden.path("sharded/" + name), to: name)
    }
    return folder
  }

  private func index(_ map: String) -> String { "{\"weight_map\":\(map)}" }

  @Test func shardedCheckpoint() throws {
    let checkpoint = try Checkpoint.open(directory: Golden.path("sharded"))
    #expect(checkpoint.isSharded)
    #expect(checkpoint.shards.map(\.fileName) == Self.shardNames)
    #expect(checkpoint.configuration["model_type"]?.string == "llama")
    #expect(checkpoint.configurationPath == Golden.path("sharded/config.json"))
    let index = try JSONParser.parse(try Golden.bytes("sharded/model.safetensors.index.json"))
    let map = try #require(index["weight_map"]?.object)
    #expect(checkpoint.tensorNames == map.members.map(\.key).sorted())
    for member in map.members {
      let tensor = try checkpoint.tensor(named: member.key)
      let shard = try SafetensorsFile(
        path: Golden.path("sharded/" + (try #require(member.value.string))))
      #expect(tensor.storedBytes == (try shard.tensor(named: member.key).storedBytes))
      #expect(checkpoint.entry(named: member.key) == shard.entry(named: member.key))
    }
  }

  @Test func singleFileCheckpointAndItsPreference() throws {
    let folder = try sharded()
    try folder.copy(Golden.path("library.safetensors"), to: "model.safetensors")
    let checkpoint = try Checkpoint.open(directory: folder.path + "/")
    #expect(!checkpoint.isSharded)
    #expect(checkpoint.shards.map(\.fileName) == ["model.safetensors"])
    #expect(try checkpoint.tensor(named: "f32").shape == [2, 3])
    #expect(checkpoint.floatingPointNames.count == checkpoint.tensorNames.count - 4)
    #expect(checkpoint.configurationPath == folder.path("config.json"))
  }

  @Test func missingTensorIsNamed() throws {
    let checkpoint = try Checkpoint.open(directory: Golden.path("sharded"))
    let error = try fault { _ = try checkpoint.tensor(named: "model.norm.bias") }
    #expect(error.code == .invalidModel)
    #expect(error.location.field == "model.norm.bias")
  }

  @Test func directoryFaults() throws {
    let folder = try TemporaryFolder()
    let missing = try fault { _ = try Checkpoint.open(directory: folder.path("none")) }
    #expect(missing.code == .inputOutput)
    #expect(missing.description.contains("No such file"))
    let path = try folder.write("x", to: "file")
    let file = try fault { _ = try Checkpoint.open(directory: path) }
    #expect(file.message.contains("is a file"))
    let bare = try fault { _ = try Checkpoint.open(directory: folder.path) }
    #expect(bare.message.contains("no config.json"))
    #expect(bare.location.file == folder.path("config.json"))
  }

  @Test(arguments: [
    ("[]", "an object is needed"), ("{", "JSON"), ("", "empty"), ("{}x", "JSON"),
  ])
  func configurationFaults(text: String, reason: String) throws {
    let folder = try sharded()
    try folder.write(text, to: "config.json")
    let error = try fault { _ = try Checkpoint.open(directory: folder.path) }
    #expect(error.code == .invalidModel)
    #expect(error.message.contains(reason))
    #expect(error.location.file == folder.path("config.json"))
  }

  @Test func noWeights() throws {
    let folder = try TemporaryFolder()
    try folder.write("{}", to: "config.json")
    let error = try fault { _ = try Checkpoint.open(directory: folder.path) }
    #expect(error.code == .inputOutput)
    #expect(error.message.contains("model.safetensors"))
  }

  @Test(arguments: ["pytorch_model.bin", "pytorch_model.bin.index.json"])
  func pickledWeightsComeWithTheWayOut(name: String) throws {
    let folder = try TemporaryFolder()
    try folder.write("{}", to: "config.json")
    try folder.write("x", to: name)
    let error = try fault { _ = try Checkpoint.open(directory: folder.path) }
    #expect(error.code == .unsupportedModel)
    #expect(error.advice?.contains("safe_serialization=True") == true)
    #expect(error.location.file == folder.path(name))
  }

  @Test(
    "A shard name cannot leave the directory or be another file",
    arguments: [
      "../model.safetensors", "/etc/x.safetensors", "a/b.safetensors", "a\\\\b.safetensors",
      "a..b.safetensors", ".hidden.safetensors", "config.json", "model", "", "..",
      "m\\u0000.safetensors", "m\\n.safetensors", "mod\\u00e9l.safetensors",
    ])
  func shardNames(name: String) throws {
    let folder = try sharded()
    try folder.write(index("{\n\"a\":\"\(name)\"}"), to: "model.safetensors.index.json")
    let error = try fault { _ = try Checkpoint.open(directory: folder.path) }
    #expect(error.code == .invalidModel)
    #expect(error.message.contains("is not the plain ASCII name"))
    #expect(error.location.field == "a")
    #expect(error.location.line == 2)
  }

  @Test(arguments: ["{}", "[]", "1", "null", #"{"a": 1}"#, #"{"a": null}"#])
  func weightMapFaults(map: String) throws {
    let folder = try sharded()
    try folder.write(index(map), to: "model.safetensors.index.json")
    let error = try fault { _ = try Checkpoint.open(directory: folder.path) }
    #expect(error.code == .invalidModel)
    #expect(error.location.file == folder.path("model.safetensors.index.json"))
  }

  @Test func missingShardIsNamed() throws {
    let folder = try sharded()
    try folder.write(
      index(#"{"a":"model-00009-of-00009.safetensors"}"#), to: "model.safetensors.index.json")
    let error = try fault { _ = try Checkpoint.open(directory: folder.path) }
    #expect(error.code == .inputOutput)
    #expect(error.message.contains("model-00009-of-00009.safetensors"))
  }

  @Test func tensorMissingFromItsShardIsNamed() throws {
    let folder = try sharded()
    // It exists, but in the other shard.
    try folder.write(
      index("{\"model.norm.weight\":\"\(Self.shardNames[0])\"}"),
      to: "model.safetensors.index.json")
    let error = try fault { _ = try Checkpoint.open(directory: folder.path) }
    #expect(error.code == .invalidModel)
    #expect(error.location.field == "model.norm.weight")
    #expect(error.message.contains(Self.shardNames[0]))
  }

  @Test("What a shard holds beyond the index is not part of the model")
  func unlistedTensors() throws {
    let folder = try sharded()
    try folder.write(
      index("{\"model.norm.weight\":\"\(Self.shardNames[1])\"}"),
      to: "model.safetensors.index.json")
    let checkpoint = try Checkpoint.open(directory: folder.path)
    #expect(checkpoint.tensorNames == ["model.norm.weight"])
    #expect(throws: ZorBAError.self) { try checkpoint.tensor(named: "lm_head.weight") }
  }
}
