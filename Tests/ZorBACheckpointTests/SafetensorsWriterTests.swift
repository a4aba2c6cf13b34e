import Testing
import ZorBACheckpoint
import ZorBADiagnostics
import ZorBATensor
import ZorBATestSupport

@Suite struct SafetensorsWriterTests {
  /// Names of the weights of a file, in the order of their bytes.
  private func weights(_ file: SafetensorsFile) -> [String] {
    file.entries.filter { $0.element.dtype != nil }.map(\.name)
  }

  @Test("A file of the safetensors library comes out byte for byte as it went in")
  func identityInFileOrder() throws {
    let folder = try TemporaryFolder()
    for name in ["sharded/model-00001-of-00002.safetensors", "ordered.safetensors"] {
      let file = try SafetensorsFile(path: Golden.path(name))
      try SafetensorsWriter(file, names: file.entries.map(\.name)).write(to: folder.path("f"))
      #expect(try folder.bytes("f") == Golden.bytes(name))
    }
  }

  @Test("Sorted by name by default, in exactly the bytes that the library has read")
  func sortedByDefault() throws {
    let folder = try TemporaryFolder()
    let file = try SafetensorsFile(path: Golden.path("library.safetensors"))
    try SafetensorsWriter(file).write(to: folder.path("f"))
    #expect(try folder.bytes("f") == Golden.bytes("ordered.safetensors"))
  }

  @Test("Written again, the same bytes; read again, the same tensors", arguments: [0, 1, 2])
  func roundTrip(order: Int) throws {
    let folder = try TemporaryFolder()
    let file = try SafetensorsFile(path: Golden.path("library.safetensors"))
    let names = [weights(file), weights(file).reversed(), ["f16", "empty", "f32"]][order]
    try SafetensorsWriter(file, names: names).write(to: folder.path("a"))
    try SafetensorsWriter(file, names: names).write(to: folder.path("b"))
    #expect(try folder.bytes("a") == folder.bytes("b"))
    let written = try SafetensorsFile(path: folder.path("a"))
    #expect(Set(written.tensorNames.map { Array($0.utf8) }) == Set(names.map { Array($0.utf8) }))
    for name in names {
      let tensor = try written.tensor(named: name)
      let original = try file.tensor(named: name)
      #expect(tensor.dtype == original.dtype)
      #expect(tensor.shape == original.shape)
      #expect(tensor.storedBytes == original.storedBytes)
    }
  }

  @Test func layoutOfTheBytes() throws {
    let folder = try TemporaryFolder()
    let source = MemorySource([("b", try Tensor([1])), ("a", try Tensor([2, 3], shape: [2, 1]))])
    try SafetensorsWriter(source, metadata: [("k", "v\"")]).write(to: folder.path("f"))
    let header =
      #"{"__metadata__":{"k":"v\""},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"#
      + #""b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}"#
    let padding = String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    #expect(!padding.isEmpty)
    let data: [UInt8] = [0, 0, 0, 0x40, 0, 0, 0x40, 0x40, 0, 0, 0x80, 0x3F]
    #expect(try folder.bytes("f") == safetensors(header + padding) + data)
  }

  @Test func nothingToWriteIsAValidFile() throws {
    let folder = try TemporaryFolder()
    try SafetensorsWriter(MemorySource([]), metadata: []).write(to: folder.path("f"))
    #expect(try folder.bytes("f") == safetensors("{}      "))
    #expect(try SafetensorsFile(path: folder.path("f")).entries.isEmpty)
  }

  @Test("What is converted on the way out equals what a converted copy holds")
  func conversion() throws {
    let folder = try TemporaryFolder()
    var generator = SeededGenerator(seed: 51)
    let values = (0..<(1 << 20) + 5).map { _ in
      Float(Int32(truncatingIfNeeded: generator.next())) * 0x1p-24
    }
    let source = MemorySource([("w", try Tensor(values)), ("x", try Tensor([0.1]))])
    for dtype in DType.allCases {
      try SafetensorsWriter(source, dtype: dtype).write(to: folder.path("f"))
      let written = try SafetensorsFile(path: folder.path("f"))
      let copy = try WorkingCopy(of: source, dtype: dtype)
      for name in ["w", "x"] {
        #expect(try written.tensor(named: name).dtype == dtype)
        #expect(
          try written.tensor(named: name).storedBytes == copy.tensor(named: name).storedBytes)
      }
    }
  }

  @Test("A value that overflows names its tensor, and no file is left")
  func overflow() throws {
    let folder = try TemporaryFolder()
    let source = MemorySource([("a", try Tensor([1])), ("b.weight", try Tensor([0, 0, 1e6]))])
    let writer = try SafetensorsWriter(source, dtype: .float16)
    let error = try fault { try writer.write(to: folder.path("f")) }
    #expect(error.code == .invalidConfiguration)
    #expect(error.location.field == "b.weight")
    #expect(error.message.contains("element 2 is 1e+06") || error.message.contains("1000000.0"))
    #expect(try folder.names().isEmpty)
  }

  @Test func reservedNameIsRefused() throws {
    let source = MemorySource([("__metadata__", try Tensor([1]))])
    let error = try fault { _ = try SafetensorsWriter(source) }
    #expect(error.location.field == "__metadata__")
  }
}
