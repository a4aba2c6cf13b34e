import Testing
import ZorBACheckpoint
import ZorBADiagnostics
import ZorBAJSON
import ZorBATensor

@Suite struct SafetensorsFileTests {
  @Test("Every tensor of a file by the safetensors library, bit for bit")
  func libraryFile() throws {
    let file = try SafetensorsFile(path: Golden.path("library.safetensors"))
    let expected = try #require(try JSONParser.parse(try Golden.bytes("library.json")).array)
    #expect(file.entries.count == expected.count)
    #expect(file.tensorNames.count == expected.count)
    #expect(file.metadata.map(\.key) == ["format"])
    #expect(file.metadata.map(\.value) == ["pt"])
    for row in expected {
      let name = try #require(row["name"]?.string)
      let entry = try #require(file.entry(named: name))
      #expect(entry.name.utf8.elementsEqual(name.utf8))
      #expect(entry.element.rawValue == row["dtype"]?.string)
      #expect(entry.shape == row["shape"]?.array?.compactMap(\.integer))
      let hex = file.rawBytes(of: entry).map { byte in
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
      }
      #expect(hex.joined() == row["hex"]?.string)
      if entry.element.dtype != nil {
        let tensor = try file.tensor(named: name)
        #expect(tensor.dtype == entry.element.dtype)
        #expect(tensor.shape == entry.shape)
        #expect(tensor.storedBytes == Array(file.rawBytes(of: entry)))
      }
    }
  }

  @Test("Names that differ only in their normal form are two tensors")
  func byteExactNames() throws {
    let file = try SafetensorsFile(path: Golden.path("library.safetensors"))
    #expect(try file.tensor(named: "caf\u{E9}").shape == [2])
    #expect(try file.tensor(named: "cafe\u{301}").shape == [1])
  }

  @Test("Tensors at odd addresses are read as they are, without a copy")
  func unalignedFile() throws {
    let file = try SafetensorsFile(path: Golden.path("unaligned.safetensors"))
    let wide = try file.tensor(named: "wide")
    #expect(Int(bitPattern: wide.bytes) % 2 == 1)
    #expect(wide.bytes.loadUnaligned(as: Float.self) == 0.1)
    #expect(wide.bytes.loadUnaligned(fromByteOffset: 4, as: Float.self) == 1e30)
    #expect(wide.shape == [2, 1])
    #expect(try file.tensor(named: "odd").storedBytes == [0x00, 0x3E, 0x00, 0xC0, 0x80, 0x42])
  }

  @Test("A tensor keeps the mapping alive after the file object is gone")
  func tensorOwnsItsMapping() throws {
    let tensor = try SafetensorsFile(path: Golden.path("unaligned.safetensors"))
      .tensor(named: "brain")
    #expect(tensor.storedBytes == [0xE0, 0xC0])
  }

  @Test(arguments: ["mask", "positions", "double", "byte"])
  func otherTypesAreListedAndRefused(name: String) throws {
    let file = try SafetensorsFile(path: Golden.path("library.safetensors"))
    #expect(file.tensorNames.contains(name))
    #expect(!file.floatingPointNames.contains(name))
    let error = try fault { _ = try file.tensor(named: name) }
    #expect(error.code == .unsupportedModel)
    #expect(error.location.field == name)
    #expect(error.message.contains(try #require(file.entry(named: name)).element.rawValue))
  }

  @Test func missingTensorIsNamed() throws {
    let file = try SafetensorsFile(path: Golden.path("library.safetensors"))
    let error = try fault { _ = try file.tensor(named: "none.weight") }
    #expect(error.code == .invalidModel)
    #expect(error.location.field == "none.weight")
  }

  @Test func namesAreSortedByBytes() throws {
    let names = try SafetensorsFile(path: Golden.path("library.safetensors")).tensorNames
    for (left, right) in zip(names, names.dropFirst()) {
      #expect(left.utf8.lexicographicallyPrecedes(right.utf8))
    }
  }

  @Test("Widths of the element types, against the widths in their names")
  func elementWidths() {
    for element in SafetensorsElement.allCases {
      let digits = element.rawValue.drop { !$0.isNumber }.prefix { $0.isNumber }
      #expect(element.bitCount == Int(digits) ?? 8)
    }
    for dtype in DType.allCases {
      #expect(SafetensorsElement(dtype).dtype == dtype)
      #expect(SafetensorsElement(dtype).bitCount == 8 * dtype.byteCount)
    }
  }
}
