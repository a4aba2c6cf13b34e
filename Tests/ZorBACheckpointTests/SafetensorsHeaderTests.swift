import Testing
import ZorBACheckpoint
import ZorBADiagnostics

/// One test case a rule; each file here would be taken if its rule were not checked.
@Suite struct SafetensorsHeaderTests {
  private func open(_ bytes: [UInt8]) throws -> SafetensorsFile {
    let folder = try TemporaryFolder()
    return try SafetensorsFile(path: try folder.write(bytes, to: "x.safetensors"))
  }

  private static func tensor(
    _ dtype: String = "F32", _ shape: String = "[2]", _ offsets: String = "[0,8]"
  ) -> String {
    #"{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":\#(offsets)}"#
  }

  @Test(arguments: [
    ("{}", 0, 0), (#"{"a":\#(tensor())}"#, 8, 1), ("{\"a\":\(tensor())}   ", 8, 1),
    (#"{"__metadata__":{},"a":\#(tensor())}"#, 8, 1),
    // Tensors in any order, empty ones on any boundary.
    (
      #"{"b":\#(tensor("U8", "[1]", "[8,9]")),"e":\#(tensor("F32", "[0,9]", "[8,8]"))"#
        + #","z":\#(tensor("F32", "[0]", "[0,0]")),"a":\#(tensor())}"#, 9, 4
    ),
    (#"{"s":\#(tensor("F16", "[]", "[0,2]"))}"#, 2, 1),
    (#"{"f":\#(tensor("F4", "[2,3]", "[0,3]"))}"#, 3, 1),
    (#"{"f":\#(tensor("F6_E2M3", "[4]", "[0,3]"))}"#, 3, 1),
    (#"{"f":\#(tensor("F32", "[0,4611686018427387904,4]", "[0,0]"))}"#, 0, 1),
    // The reference library ignores members that it does not know.
    (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"note":"x"}}"#, 1, 1),
  ])
  func valid(header: String, data: Int, count: Int) throws {
    #expect(try open(safetensors(header, data: data)).entries.count == count)
  }

  @Test(arguments: [
    // Structure.
    ("[]", 0, "does not begin"), (" {}", 0, "does not begin"), ("{", 0, "JSON"),
    ("{}x", 0, "JSON"), ("{}\0", 0, "JSON"), ("\u{FEFF}{}", 0, "does not begin"),
    (#"{"a":1}"#, 0, "an object is needed"),
    (#"{"a":\#(tensor()),"a":\#(tensor())}"#, 8, "twice"),
    (#"{"__metadata__":[],"a":\#(tensor())}"#, 8, "object of strings"),
    (#"{"__metadata__":{"format":1},"a":\#(tensor())}"#, 8, "a string is needed"),
    // Members.
    (#"{"a":{"shape":[2],"data_offsets":[0,8]}}"#, 8, "'dtype' is missing"),
    (#"{"a":{"dtype":"F32","data_offsets":[0,8]}}"#, 8, "'shape' is missing"),
    (#"{"a":{"dtype":"F32","shape":[2]}}"#, 8, "'data_offsets' is missing"),
    (#"{"a":{"dtype":32,"shape":[2],"data_offsets":[0,8]}}"#, 8, "'dtype' is not a string"),
    (#"{"a":\#(tensor("F31"))}"#, 8, "dtype 'F31' is unknown"),
    (#"{"a":\#(tensor("f32"))}"#, 8, "dtype 'f32' is unknown"),
    // Shapes.
    (#"{"a":\#(tensor("F32", "2"))}"#, 8, "an array is needed"),
    (#"{"a":\#(tensor("F32", "[-2]"))}"#, 8, "'shape' holds -2"),
    (#"{"a":\#(tensor("F32", "[-1,-2]"))}"#, 8, "'shape' holds -1"),
    (#"{"a":\#(tensor("F32", "[2.0]"))}"#, 8, "'shape' holds 2.0"),
    (#"{"a":\#(tensor("F32", "[\"2\"]"))}"#, 8, "'shape' holds"),
    (#"{"a":\#(tensor("F32", "[18446744073709551618]"))}"#, 8, "'shape' holds"),
    (#"{"a":\#(tensor("U8", "[4294967296,4294967296]", "[0,0]"))}"#, 0, "too large"),
    (#"{"a":\#(tensor("U8", "[4294967297,4294967296,2]", "[0,0]"))}"#, 0, "too large"),
    (#"{"a":\#(tensor("F64", "[2305843009213693952]", "[0,0]"))}"#, 0, "too large"),
    (#"{"a":\#(tensor("F4", "[3]", "[0,1]"))}"#, 1, "whole number of bytes"),
    // Offsets.
    (#"{"a":\#(tensor("F32", "[2]", "8"))}"#, 8, "an array is needed"),
    (#"{"a":\#(tensor("F32", "[2]", "[8]"))}"#, 8, "not a start and an end"),
    (#"{"a":\#(tensor("F32", "[2]", "[0,8,8]"))}"#, 8, "not a start and an end"),
    (#"{"a":\#(tensor("F32", "[2]", "[8,0]"))}"#, 8, "not a start and an end"),
    (#"{"a":\#(tensor("F32", "[2]", "[-8,0]"))}"#, 8, "'data_offsets' holds -8"),
    (#"{"a":\#(tensor("F32", "[2]", "[0,8.0]"))}"#, 8, "'data_offsets' holds 8.0"),
    (#"{"a":\#(tensor("F32", "[2]", "[0,8]"))}"#, 7, "ends at 8"),
    (#"{"a":\#(tensor("F32", "[2]", "[8,9223372036854775807]"))}"#, 8, "ends at"),
    (#"{"a":\#(tensor("F32", "[3]"))}"#, 8, "needs 12 bytes"),
    (#"{"a":\#(tensor("F16", "[2]"))}"#, 8, "needs 4 bytes"),
    (#"{"a":\#(tensor("F32", "[]"))}"#, 8, "needs 4 bytes"),
    // Coverage.
    (#"{"a":\#(tensor("F32", "[2]", "[4,12]"))}"#, 12, "leaves unused bytes"),
    (
      #"{"a":\#(tensor()),"b":\#(tensor("F32", "[1]", "[12,16]"))}"#, 16, "leaves unused bytes"
    ),
    (#"{"a":\#(tensor()),"b":\#(tensor("F32", "[2]", "[4,12]"))}"#, 12, "shares bytes"),
    (#"{"a":\#(tensor()),"b":\#(tensor())}"#, 8, "shares bytes"),
    (#"{"a":\#(tensor()),"e":\#(tensor("F32", "[0]", "[4,4]"))}"#, 8, "shares bytes"),
    (#"{"a":\#(tensor())}"#, 9, "the rest belongs to none"),
    ("{}", 1, "the rest belongs to none"),
  ])
  func invalid(header: String, data: Int, reason: String) throws {
    let error = try fault { _ = try open(safetensors(header, data: data)) }
    #expect(error.code == .invalidModel)
    #expect(error.message.contains(reason), "\(error)")
    #expect(error.location.file?.hasSuffix("x.safetensors") == true)
  }

  @Test("The length before the header is bounded by the file and by the format")
  func lengths() throws {
    func file(_ length: UInt64, _ rest: [UInt8]) -> [UInt8] {
      withUnsafeBytes(of: length.littleEndian) { Array($0) } + rest
    }
    for (bytes, reason) in [
      (Array("1234567".utf8), "at least 8"), (file(3, Array("{}".utf8)), "only 2 follow"),
      (file(.max, Array("{}".utf8)), "at most"), (file(1 << 63, Array("{}".utf8)), "at most"),
      (file(0, []), "does not begin"), (file(100_000_000, Array("{}".utf8)), "only 2 follow"),
    ] {
      let error = try fault { _ = try open(bytes) }
      #expect(error.code == .invalidModel)
      #expect(error.message.contains(reason), "\(error)")
    }
  }

  @Test("A header beyond the format's bound is refused though the file holds it")
  func oversizedHeader() throws {
    let folder = try TemporaryFolder()
    // Sparse: the file takes no room on the disk.
    let path = try folder.write(
      withUnsafeBytes(of: UInt64(100_000_001).littleEndian) { Array($0) } + Array("{".utf8), to: "f"
    )
    try extend(path, to: 100_000_009)
    let error = try fault { _ = try SafetensorsFile(path: path) }
    #expect(error.message.contains("at most 100000000"))
  }

  @Test("The tensor at fault is named")
  func faultNamesTheTensor() throws {
    let header = #"{"good":\#(Self.tensor()),"bad.weight":\#(Self.tensor("F99"))}"#
    let error = try fault { _ = try open(safetensors(header, data: 8)) }
    #expect(error.location.field == "bad.weight")
  }
}
