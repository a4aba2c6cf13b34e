import Testing
import ZorBACheckpoint
import ZorBADiagnostics
import ZorBATensor
import ZorBATestSupport

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

@Suite struct WorkingCopyTests {
  @Test("All tensors of a sharded checkpoint, bit for bit, each on a boundary of 64 bytes")
  func wholeCheckpoint() throws {
    let checkpoint = try Checkpoint.open(directory: Golden.path("sharded"))
    let copy = try WorkingCopy(of: checkpoint)
    #expect(copy.tensorNames == checkpoint.tensorNames)
    var needed = 0
    for name in copy.tensorNames {
      let tensor = try copy.tensor(named: name)
      let original = try checkpoint.tensor(named: name)
      #expect(tensor.dtype == original.dtype)
      #expect(tensor.shape == original.shape)
      #expect(tensor.storedBytes == original.storedBytes)
      #expect(Int(bitPattern: tensor.bytes) % 64 == 0)
      needed += tensor.byteCount
    }
    #expect(copy.byteCount >= needed)
    #expect(copy.byteCount < needed + 64 * copy.tensorNames.count)
  }

  @Test("No two tensors of a copy share memory")
  func tensorsAreDisjoint() throws {
    let file = try SafetensorsFile(path: Golden.path("library.safetensors"))
    let copy = try WorkingCopy(of: file, dtype: .float32)
    var ranges: [Range<Int>] = []
    for name in copy.tensorNames {
      let tensor = try copy.tensor(named: name)
      #expect(tensor.dtype == .float32)
      let start = Int(bitPattern: tensor.bytes)
      if tensor.byteCount > 0 { ranges.append(start..<start + tensor.byteCount) }
    }
    for (index, range) in ranges.enumerated() {
      #expect(!ranges[(index + 1)...].contains { $0.overlaps(range) })
    }
  }

  @Test("By default it takes what a tensor can hold and leaves masks and positions")
  func defaultNames() throws {
    let file = try SafetensorsFile(path: Golden.path("library.safetensors"))
    #expect(try WorkingCopy(of: file).tensorNames == file.floatingPointNames)
    let error = try fault { _ = try WorkingCopy(of: file, names: ["mask"]) }
    #expect(error.code == .unsupportedModel)
  }

  @Test func chosenNamesOnly() throws {
    let file = try SafetensorsFile(path: Golden.path("library.safetensors"))
    let copy = try WorkingCopy(of: file, names: ["f32", "bf16"])
    #expect(copy.tensorNames == ["bf16", "f32"])
    let absent = try fault { _ = try copy.tensor(named: "f16") }
    #expect(absent.location.field == "f16")
    let unknown = try fault { _ = try WorkingCopy(of: file, names: ["f32", "none"]) }
    #expect(unknown.location.field == "none")
    #expect(try WorkingCopy(of: file, names: []).tensorNames.isEmpty)
  }

  @Test("Writing to the copy changes neither the source nor another tensor")
  func copyIsWritable() throws {
    let values: [Float] = [1, 2, 3]
    let source = MemorySource([("a", try Tensor(values)), ("b", try Tensor(values))])
    let copy = try WorkingCopy(of: source)
    try copy.tensor(named: "a").bytes.storeBytes(of: 9, as: Float.self)
    #expect(try copy.tensor(named: "a").bytes.load(as: Float.self) == 9)
    #expect(try copy.tensor(named: "b").storedBytes == source.tensor(named: "b").storedBytes)
    #expect(try source.tensor(named: "a").bytes.load(as: Float.self) == 1)
  }

  @Test("Tensors longer than one chunk are copied whole")
  func longTensors() throws {
    var generator = SeededGenerator(seed: 41)
    let values = (0..<(1 << 20) + 3).map { _ in
      Float(Int16(truncatingIfNeeded: generator.next())) / 256
    }
    let source = MemorySource([("w", try Tensor(values))])
    let same = try WorkingCopy(of: source).tensor(named: "w")
    #expect(same.storedBytes == (try source.tensor(named: "w").storedBytes))
    let half = try WorkingCopy(of: source, dtype: .bfloat16).tensor(named: "w")
    let last = values[values.count - 1]
    let bits = half.bytes.load(fromByteOffset: 2 * (values.count - 1), as: UInt16.self)
    #expect(abs(Float(bitPattern: UInt32(bits) << 16) - last) <= abs(last) / 256)
  }

  @Test("A tensor outlives the copy object it came from")
  func tensorsOwnTheBuffer() throws {
    let tensor = try WorkingCopy(of: MemorySource([("w", try Tensor([5, 6]))])).tensor(named: "w")
    #expect(tensor.bytes.load(fromByteOffset: 4, as: Float.self) == 6)
  }

  #if os(Linux)
    @Test("After the copy the mapped file occupies next to no memory")
    func pagesAreGivenBack() throws {
      let folder = try TemporaryFolder()
      let count = 1 << 22
      let header = #"{"w":{"dtype":"BF16","shape":[\#(count)],"data_offsets":[0,\#(2 * count)]}}"#
      let path = try folder.write(safetensors(header), to: "resident.safetensors")
      try extend(path, to: 8 + header.utf8.count + 2 * count)
      let file = try SafetensorsFile(path: path)
      var sum = 0
      for byte in try file.tensor(named: "w").rawBytes.prefix(1 << 20) { sum += Int(byte) }
      #expect(sum == 0)
      #expect(try residentKilobytes(of: path) >= 1024)
      _ = try WorkingCopy(of: file)
      let resident = try residentKilobytes(of: path)
      #expect(resident <= 256)
      withExtendedLifetime(file) {}
    }

    /// `Rss` of a file's mapping in /proc/self/smaps.
    private func residentKilobytes(of path: String) throws -> Int {
      let descriptor = open("/proc/self/smaps", O_RDONLY)
      try #require(descriptor >= 0)
      defer { close(descriptor) }
      var text: [UInt8] = []
      // The file gives one page at a time and no length, so it is read until it ends.
      var page = [UInt8](repeating: 0, count: 1 << 16)
      while case let count = read(descriptor, &page, page.count), count > 0 {
        text += page[..<count]
      }
      let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
      let start = try #require(lines.firstIndex { $0.hasSuffix(path) })
      let row = try #require(lines[start...].first { $0.hasPrefix("Rss:") })
      return try #require(Int(row.drop { !$0.isNumber }.prefix { $0.isNumber }))
    }
  #endif
}
