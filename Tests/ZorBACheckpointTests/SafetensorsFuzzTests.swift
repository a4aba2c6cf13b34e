import Testing
import ZorBACheckpoint
import ZorBADiagnostics
import ZorBATensor
import ZorBATestSupport

@Suite struct SafetensorsFuzzTests {
  /// Opens the bytes as a file and reads every byte of every tensor; false when refused.
  private func survives(_ bytes: [UInt8], _ path: String, _ folder: TemporaryFolder) throws -> Bool
  {
    do {
      let file = try SafetensorsFile(path: try folder.write(bytes, to: path))
      var sum = 0
      for name in file.floatingPointNames {
        for byte in try file.tensor(named: name).rawBytes { sum &+= Int(byte) }
      }
      return sum >= 0
    } catch {
      #expect(error is ZorBAError)
      return false
    }
  }

  @Test("5000 mutations of a header: an error or a file whose tensors can be read")
  func headers() throws {
    let folder = try TemporaryFolder()
    var generator = SeededGenerator(seed: 21)
    let bytes = try Golden.bytes("library.safetensors")
    let headerEnd = 8 + Int(bytes[0]) + 256 * Int(bytes[1])
    var accepted = 0
    for round in 0..<5000 {
      // A third of them each: the length and what follows, the JSON alone, anywhere.
      let range = [0..<24, 8..<headerEnd, 0..<bytes.count][round % 3]
      if try survives(generator.mutated(bytes, within: range), "f", folder) { accepted += 1 }
    }
    #expect(accepted > 50 && accepted < 4000)
  }

  @Test("Every truncation is an error")
  func truncations() throws {
    let folder = try TemporaryFolder()
    let bytes = try Golden.bytes("library.safetensors")
    for count in 0..<bytes.count {
      #expect(try !survives(Array(bytes[..<count]), "f", folder))
    }
  }

  @Test("1500 mutations each of index and config: an error or a checkpoint that can be read")
  func indexAndConfiguration() throws {
    let folder = try TemporaryFolder()
    var generator = SeededGenerator(seed: 22)
    let names = ["config.json", "model.safetensors.index.json"]
    for name in names + ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"] {
      try folder.copy(Golden.path("sharded/" + name), to: name)
    }
    for name in names {
      let bytes = try folder.bytes(name)
      var accepted = 0
      for _ in 0..<1500 {
        try folder.write(generator.mutated(bytes, within: 0..<bytes.count), to: name)
        do {
          let checkpoint = try Checkpoint.open(directory: folder.path)
          for name in checkpoint.tensorNames { _ = try checkpoint.tensor(named: name) }
          accepted += 1
        } catch {
          #expect(error is ZorBAError)
        }
      }
      #expect(accepted > 10 && accepted < 1400)
      try folder.write(bytes, to: name)
    }
  }
}
