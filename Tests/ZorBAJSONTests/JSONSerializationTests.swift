import Testing
import ZorBAJSON
import ZorBATestSupport

@Suite struct JSONSerializationTests {
  /// A random value, strings and numbers of every kind.
  private func randomValue(depth: Int, _ generator: inout SeededGenerator) -> JSONValue {
    switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &generator) {
    case 0: return [.null, true, false].randomElement(using: &generator) ?? .null
    case 1: return .integer(Int(truncatingIfNeeded: generator.next()))
    case 2:
      let value = Double(bitPattern: generator.next())
      return .number(value.isFinite ? value : 0.1)
    case 3: return .number(Double(Int8.random(in: .min ... .max, using: &generator)) / 4)
    case 4: return .string(randomString(&generator))
    case 5:
      return .array(
        (0..<Int.random(in: 0..<5, using: &generator)).map { _ in
          randomValue(depth: depth - 1, &generator)
        })
    default:
      var object = JSONObject()
      for _ in 0..<Int.random(in: 0..<14, using: &generator) {
        _ = object.append(
          .init(
            key: randomString(&generator), value: randomValue(depth: depth - 1, &generator)))
      }
      return .object(object)
    }
  }

  private func randomString(_ generator: inout SeededGenerator) -> String {
    var text = ""
    for _ in 0..<Int.random(in: 0..<6, using: &generator) {
      let limits: [UInt32] = [0x30, 0x80, 0x800, 0x110000]
      let limit = limits.randomElement(using: &generator) ?? 1
      let scalar = Unicode.Scalar(UInt32.random(in: 0..<limit, using: &generator))
      text.unicodeScalars.append(scalar ?? "\u{301}")
    }
    return text
  }

  @Test("What is written reads back the same, in one line or many")
  func roundTrip() throws {
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<2000 {
      let value = randomValue(depth: 4, &generator)
      let text = value.serialized
      #expect(!text.utf8.contains(UInt8(ascii: "\n")))
      #expect(try JSONParser.parse(text.utf8) == value)
      #expect(try JSONParser.parse(text.utf8).serialized == text)
      #expect(try JSONParser.parse(value.serializedForReading.utf8) == value)
    }
  }

  @Test func layout() {
    let value: JSONValue = ["b": [1, 2.5, "x"], "a": [:], "e": [], "n": nil, "t": 1e-06]
    #expect(
      value.serialized
        == #"{"b": [1, 2.5, "x"], "a": {}, "e": [], "n": null, "t": 1e-06}"#)
    #expect(
      value.serializedForReading == """
        {
          "b": [
            1,
            2.5,
            "x"
          ],
          "a": {},
          "e": [],
          "n": null,
          "t": 1e-06
        }

        """)
  }

  @Test func escapesAreTheFewThatJSONDemands() {
    let value = JSONValue.string("\"\\\n\r\t\u{0}\u{1F}\u{7F}/é😀")
    #expect(value.serialized == "\"\\\"\\\\\\n\\r\\t\\u0000\\u001f\u{7F}/é😀\"")
  }

  @Test(arguments: [Double.infinity, -.infinity, .nan])
  func noNumberThatJSONLacks(_ value: Double) {
    #expect(JSONValue.array([.number(value)]).serialized == "[null]")
  }
}
