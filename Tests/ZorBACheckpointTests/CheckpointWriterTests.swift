import Testing
import ZorBACheckpoint
import ZorBADiagnostics
import ZorBAJSON
import ZorBATensor

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

@Suite struct CheckpointWriterTests {
  private static let companions = [
    "added_tokens.json", "generation_config.json", "tokenizer_config.json",
  ]
  private static let weights = [
    "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
  ]
  private static let files =
    (companions + weights + ["config.json", "model.safetensors.index.json"]).sorted()

  private func base() throws -> Checkpoint {
    try Checkpoint.open(directory: Golden.path("sharded"))
  }

  /// A single-file checkpoint: f32 and f16 weights, a mask, and no type in its configuration.
  private func mixedBase(_ folder: TemporaryFolder) throws -> Checkpoint {
    try FileManager.default.createDirectory(
      atPath: folder.path("base"), withIntermediateDirectories: false)
    try folder.copy(Golden.path("library.safetensors"), to: "base/model.safetensors")
    try folder.write(#"{"model_type": "x", "eps": 1e-06}"#, to: "base/config.json")
    return try Checkpoint.open(directory: folder.path("base"))
  }

  @Test("Unchanged weights give the base's own files back, byte for byte")
  func identity() throws {
    let folder = try TemporaryFolder()
    let base = try base()
    let written = try CheckpointWriter.export(
      base: base, tensors: WorkingCopy(of: base), to: folder.path("deep/er/out"))
    #expect(written.sorted() == Self.files)
    #expect(try folder.names("deep/er/out") == Self.files)
    for name in Self.files where name != "model.safetensors.index.json" {
      #expect(try folder.bytes("deep/er/out/" + name) == Golden.bytes("sharded/" + name))
    }
    let index = try JSONParser.parse(folder.bytes("deep/er/out/model.safetensors.index.json"))
    let original = try JSONParser.parse(Golden.bytes("sharded/model.safetensors.index.json"))
    #expect(index["weight_map"] == original["weight_map"])
    #expect(index["metadata"]?["total_size"] == original["metadata"]?["total_size"])
  }

  @Test("Trained weights take the place of the base's, and the type is told")
  func trainedWeights() throws {
    let folder = try TemporaryFolder()
    let base = try base()
    let trained = try WorkingCopy(
      of: base, names: ["model.norm.weight", "lm_head.weight"], dtype: .float32)
    try trained.tensor(named: "model.norm.weight").bytes.storeBytes(of: 0.1, as: Float.self)
    try CheckpointWriter.export(
      base: base, tensors: trained, to: folder.path("out"), dtype: .float32)
    let result = try Checkpoint.open(directory: folder.path("out"))
    #expect(result.tensorNames == base.tensorNames)
    #expect(result.configuration["dtype"]?.string == "float32")
    #expect(result.configuration["torch_dtype"] == nil)
    let wide = try WorkingCopy(of: base, dtype: .float32)
    for name in base.tensorNames {
      let expected = name == "model.norm.weight" ? trained : wide
      let tensor = try result.tensor(named: name)
      #expect(tensor.dtype == .float32)
      #expect(tensor.storedBytes == (try expected.tensor(named: name).storedBytes))
    }
    #expect(result.shards.map(\.fileName) == Self.weights)
    for (left, right) in zip(result.shards, base.shards) {
      #expect(left.entries.map(\.name) == right.entries.map(\.name))
    }
    let index = try JSONParser.parse(folder.bytes("out/model.safetensors.index.json"))
    let size = base.tensorNames.reduce(0) { sum, name in
      sum + 2 * (base.entry(named: name)?.bytes.count ?? 0)
    }
    #expect(index["metadata"]?["total_size"]?.integer == size)
  }

  @Test("Equal input, equal bytes")
  func reproducible() throws {
    let folder = try TemporaryFolder()
    let base = try base()
    for name in ["a", "b"] {
      try CheckpointWriter.export(
        base: base, tensors: WorkingCopy(of: base), to: folder.path(name), dtype: .float16)
    }
    for name in Self.files {
      #expect(try folder.bytes("a/" + name) == folder.bytes("b/" + name))
    }
  }

  @Test("What is no weight is carried over untouched; a missing type is added")
  func otherTypes() throws {
    let folder = try TemporaryFolder()
    let base = try mixedBase(folder)
    let trained = MemorySource([("f32", try Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3]))])
    let written = try CheckpointWriter.export(
      base: base, tensors: trained, to: folder.path("out"), dtype: .bfloat16)
    #expect(written == ["model.safetensors", "config.json"])
    let result = try SafetensorsFile(path: folder.path("out/model.safetensors"))
    #expect(result.entries.map(\.name) == base.shards[0].entries.map(\.name))
    for entry in base.shards[0].entries {
      let copy = try #require(result.entry(named: entry.name))
      #expect(copy.shape == entry.shape)
      if entry.element.dtype == nil {
        #expect(copy.element == entry.element)
        #expect(
          Array(result.rawBytes(of: copy)) == Array(base.shards[0].file.rawBytes(of: entry)))
      } else {
        #expect(copy.element == .bfloat16)
      }
    }
    #expect(
      try folder.bytes("out/config.json")
        == Array(
          """
          {
            "model_type": "x",
            "eps": 1e-06,
            "torch_dtype": "bfloat16"
          }

          """.utf8))
  }

  @Test("Without a type to convert to, each tensor stays as it is and so does config.json")
  func mixedTypesLeaveTheConfiguration() throws {
    let folder = try TemporaryFolder()
    let base = try mixedBase(folder)
    try CheckpointWriter.export(base: base, tensors: MemorySource([]), to: folder.path("out"))
    for name in ["config.json", "model.safetensors"] {
      #expect(try folder.bytes("out/" + name) == folder.bytes("base/" + name))
    }
  }

  @Test("A tied tensor that the base stores twice is written twice")
  func trainedNames() throws {
    let folder = try TemporaryFolder()
    let base = try base()
    let embedding = try WorkingCopy(of: base, names: ["lm_head.weight"])
      .tensor(named: "lm_head.weight")
    embedding.bytes.storeBytes(of: 0x3F80, as: UInt16.self)
    try CheckpointWriter.export(
      base: base, tensors: MemorySource([("embedding", embedding)]), to: folder.path("out")
    ) { ["lm_head.weight", "model.embed_tokens.weight"].contains($0) ? "embedding" : $0 }
    let result = try Checkpoint.open(directory: folder.path("out"))
    for name in ["lm_head.weight", "model.embed_tokens.weight"] {
      #expect(try result.tensor(named: name).storedBytes == embedding.storedBytes)
    }
  }

  @Test func tensorsThatFitNowhereAreNamed() throws {
    let folder = try TemporaryFolder()
    let base = try base()
    let extra = MemorySource([("adapter.weight", try Tensor([1]))])
    let lost = try fault {
      try CheckpointWriter.export(base: base, tensors: extra, to: folder.path("out"))
    }
    #expect(lost.code == .invalidModel)
    #expect(lost.location.field == "adapter.weight")
    let misshapen = MemorySource([("model.norm.weight", try Tensor([1, 2]))])
    let error = try fault {
      try CheckpointWriter.export(base: base, tensors: misshapen, to: folder.path("out"))
    }
    #expect(error.location.field == "model.norm.weight")
    #expect(error.message.contains("[2]") && error.message.contains("[8]"))
    #expect(try folder.names().isEmpty)
  }

  @Test("An export never replaces its base, by whatever path")
  func baseIsRefused() throws {
    let folder = try TemporaryFolder()
    let base = try mixedBase(folder)
    let before = try folder.names("base")
    #expect(symlink(folder.path("base"), folder.path("link")) == 0)
    for path in ["base", "base/", "./base/../base", "link"] {
      let error = try fault {
        try CheckpointWriter.export(
          base: base, tensors: MemorySource([]), to: folder.path(path), overwrite: true)
      }
      #expect(error.code == .refused)
      #expect(error.message.contains("base checkpoint"))
    }
    #expect(try folder.names("base") == before)
  }

  @Test func targetsThatAreRefused() throws {
    let folder = try TemporaryFolder()
    let base = try base()
    try folder.write("x", to: "file")
    let occupied = try fault {
      try CheckpointWriter.export(base: base, tensors: MemorySource([]), to: folder.path)
    }
    #expect(occupied.code == .refused)
    #expect(occupied.message.contains("not empty"))
    for path in ["file", "file/out"] {
      let error = try fault {
        try CheckpointWriter.export(base: base, tensors: MemorySource([]), to: folder.path(path))
      }
      #expect(error.code == .inputOutput)
      #expect(error.location.file == folder.path(path))
    }
    #expect(try folder.names() == ["file"])
  }

  @Test("Overwriting leaves no weight and no companion of an earlier export behind")
  func overwrite() throws {
    let folder = try TemporaryFolder()
    let stale = ["model.safetensors", "model-00003-of-00003.safetensors", "vocab.txt"]
    for name in stale + ["config.json", "notes.txt"] { try folder.write("stale", to: name) }
    let base = try base()
    try CheckpointWriter.export(
      base: base, tensors: WorkingCopy(of: base), to: folder.path, overwrite: true)
    #expect(try folder.names() == (Self.files + ["notes.txt"]).sorted())
    #expect(try Checkpoint.open(directory: folder.path).isSharded)
  }

  @Test("An export that fails half-way takes its files back")
  func failureLeavesNothing() throws {
    let folder = try TemporaryFolder()
    let base = try base()
    // It lies in the second shard, so the first one is complete when this fails.
    let huge = MemorySource([("model.norm.weight", try Tensor(Array(repeating: 1e9, count: 8)))])
    #expect(throws: ZorBAError.self) {
      try CheckpointWriter.export(
        base: base, tensors: huge, to: folder.path("out"), dtype: .float16)
    }
    #expect(try folder.names().isEmpty)
  }
}
