import Testing
import ZorBADiagnostics
import ZorBAJSON

@Suite("JSON that RFC 8259 forbids") struct JSONParserRejectTests {
  @Test(arguments: [
    "", " ", "\u{FEFF}", "nul", "nulll", "True", "tru", "falsy", "NaN", "Infinity", "-Infinity",
    "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1,,2]", "[1}", "{", "}", "{]", "{\"a\"",
    "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,\"a\":1}", "{a:1}", "{'a':1}", "{1:1}",
    "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{\"a\":1]", "{\"a\":1}}", "1 2", "[] []", "// x\n1", "[1]x",
    "\"", "\"a", "\"\\\"", "\"\\", "\"\\u", "\"\\u12", "\"\\u12\"", "\"\\u12g4\"", "\"\\x41\"",
    "\"\\'\"", "\"\\U0041\"", "\"\\u+041\"", "\"\\uD83D\\u12\"", "\"a\nb\"", "\"a\tb\"",
    "\"\u{0}\"", "\"\\t\u{1F}\"", "'a'", "\u{A0}1", "\u{0B}1",
    "+1", "-", "--1", ".5", "1.", "1.e1", "01", "-01", "00", "1e", "1e+", "1e-", "1e1.5", "0x10",
    "1_000", "1,000", "1e999", "-1e999", "１", "-a",
  ])
  func malformed(_ text: String) {
    #expect(throws: ZorBAError.self) { try JSONParser.parse(text.utf8) }
  }

  @Test(
    arguments: [
      [0x22, 0x80, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xC0, 0xAF, 0x22],
      [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], [0x22, 0xFF, 0x22],
      // The same behind an escape, where another path decodes it.
      [0x22, 0x5C, 0x6E, 0xC3, 0x22], [0x22, 0xC3, 0x5C, 0x6E, 0x22], [0xFF], [0xEF, 0xBB],
    ] as [[UInt8]])
  func invalidUTF8(_ bytes: [UInt8]) {
    #expect(throws: ZorBAError.self) { try JSONParser.parse(bytes) }
  }

  @Test func depthBeyondTheBound() {
    let depth = JSONParser.maximumDepth + 1
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
      let text =
        String(repeating: open, count: depth) + "0" + String(repeating: close, count: depth)
      #expect(throws: ZorBAError.self) { try JSONParser.parse(text.utf8) }
    }
    // Far beyond, it must not exhaust the stack on the way to saying so.
    #expect(throws: ZorBAError.self) {
      try JSONParser.parse(Array(repeating: UInt8(ascii: "["), count: 1 << 20))
    }
  }

  @Test("A repeated key is an error in small objects and in large ones", arguments: [2, 9, 500])
  func duplicateKeys(count: Int) throws {
    let keys = (0..<count - 1).map { "\"k\($0)\": 0" } + ["\"k0\": 1"]
    let error = try #require(throws: ZorBAError.self) {
      try JSONParser.parse("{\(keys.joined(separator: ",\n"))}".utf8, file: "f")
    }
    #expect(error.message.contains("'k0' appears twice"))
    #expect(error.location.line == count)
  }

  @Test("An escaped key repeats a plain one")
  func duplicateKeyByEscape() {
    #expect(throws: ZorBAError.self) { try JSONParser.parse(#"{"a":1,"\u0061":2}"#.utf8) }
  }

  @Test func errorsGiveFileLineAndCode() throws {
    let error = try #require(throws: ZorBAError.self) {
      try JSONParser.parse("{\n\"a\": tru\n}".utf8, file: "x.json", code: .invalidModel)
    }
    #expect(error.location == .init(file: "x.json", line: 2))
    #expect(error.code == .invalidModel)
    let row = try #require(throws: ZorBAError.self) {
      try JSONParser.parse("[1".utf8, file: "x.jsonl", firstLine: 41)
    }
    #expect(row.location.line == 41)
    #expect(row.code == .invalidData)
  }

  @Test("A hostile key cannot flood a log or reach the terminal")
  func messagesAreBounded() throws {
    let key = String(repeating: "k", count: 1 << 16) + #"\u001b[2J"#
    for text in ["{\"\(key)\" 1}", "{\"\(key)\":1,\"\(key)\":2}", "{\"\\u001b[2J\":1 2}"] {
      let error = try #require(throws: ZorBAError.self) { try JSONParser.parse(text.utf8) }
      #expect(error.description.utf8.count < 400)
      #expect(!error.description.contains("\u{1B}"))
    }
  }
}
