import Testing
import ZorBADiagnostics
import ZorBAJSON

@Suite("JSON that RFC 8259 allows") struct JSONParserAcceptTests {
  @Test(
    arguments: [
      ("null", JSONValue.null), ("true", true), ("false", false), (" \t\r\n0 ", 0), ("-0", 0),
      ("\"\"", ""), ("[]", []), ("[ ]", []), ("{}", [:]), ("{ }", [:]), ("[1,2]", [1, 2]),
      ("[[],[[]]]", [[], [[]]]), (#"{"a":{"b":[null]}}"#, ["a": ["b": [nil]]]),
      (#"{"":0}"#, ["": 0]), ("\u{FEFF}1", 1),
    ] as [(String, JSONValue)])
  func structure(_ text: String, _ expected: JSONValue) throws {
    #expect(try JSONParser.parse(text.utf8) == expected)
  }

  @Test(arguments: [
    ("0.5", 0.5), ("-0.0", -0.0), ("1e3", 1000), ("1E+3", 1000), ("25e-1", 2.5), ("0e9", 0),
    ("9223372036854775808", 0x1p63), ("-9223372036854775809", -0x1p63),
    ("5e-324", .leastNonzeroMagnitude),
    ("1e-999", 0), ("1.7976931348623157e308", .greatestFiniteMagnitude),
    ("0.1000000000000000055511151231257827", 0.1),
  ])
  func numbers(_ text: String, _ expected: Double) throws {
    #expect(try JSONParser.parse(text.utf8) == .number(expected))
  }

  @Test(arguments: [
    ("0", 0), ("-1", -1), ("9223372036854775807", Int.max), ("-9223372036854775808", Int.min),
    ("1234567890", 1_234_567_890),
  ])
  func integers(_ text: String, _ expected: Int) throws {
    #expect(try JSONParser.parse(text.utf8) == .integer(expected))
  }

  @Test("Digits by the hundred thousand take no time and lose no value")
  func hugeNumbers() throws {
    let zeros = String(repeating: "0", count: 100_000)
    #expect(try JSONParser.parse("0.\(zeros)1e100001".utf8) == .number(1))
    #expect(try JSONParser.parse("1\(zeros)e-100000".utf8) == .number(1))
  }

  @Test(arguments: [
    (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u0041\u00e9\u5C42""#, "Aé层"),
    (#""\uD83D\uDE00""#, "😀"), (#""\ud83d\ude00x""#, "😀x"), ("\"😀é\"", "😀é"),
    (#""\u0000""#, "\0"), ("\"\u{7F}\"", "\u{7F}"), (#""pre\u002Cpost""#, "pre,post"),
    // Lone surrogates become replacement characters, and swallow nothing that follows.
    (#""\uD83D""#, "\u{FFFD}"), (#""\uDE00""#, "\u{FFFD}"), (#""\uD83Dx""#, "\u{FFFD}x"),
    (#""\uD83D\u0041""#, "\u{FFFD}A"), (#""\uD83D\uD83D\uDE00""#, "\u{FFFD}😀"),
    (#""\uD83D\n""#, "\u{FFFD}\n"),
  ])
  func strings(_ text: String, _ expected: String) throws {
    let parsed = try #require(try JSONParser.parse(text.utf8).string)
    #expect(Array(parsed.utf8) == Array(expected.utf8))
  }

  @Test func depthUpToTheBound() throws {
    let depth = JSONParser.maximumDepth
    let text = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    var value = try JSONParser.parse(text.utf8)
    var levels = 0
    while let inner = value.array {
      levels += 1
      value = inner.first ?? .null
    }
    #expect(levels == depth)
  }

  @Test("Keys that look alike and differ in bytes are different keys")
  func byteExactKeys() throws {
    let text = "{\"caf\u{E9}\":1,\"cafe\u{301}\":2,\"\u{212B}\":3,\"\u{C5}\":4}"
    let object = try #require(try JSONParser.parse(text.utf8).object)
    #expect(object.members.count == 4)
    #expect(object["caf\u{E9}"] == 1)
    #expect(object["cafe\u{301}"] == 2)
    #expect(object["\u{212B}"] == 3)
    #expect(object["\u{C5}"] == 4)
  }

  @Test func linesCountFromOne() throws {
    let object = try #require(
      try JSONParser.parse("{\n\"a\":1,\r\n\n\"b\":\n2}".utf8, firstLine: 5).object)
    #expect(object.line(of: "a") == 6)
    #expect(object.line(of: "b") == 8)
    #expect(object.line(of: "c") == nil)
  }
}
