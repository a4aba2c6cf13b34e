import Testing
import ZorBAJSON

@Suite struct JSONObjectTests {
  @Test("Members are found at every size around the switch from scan to hash table")
  func lookup() {
    var object = JSONObject()
    for count in 1...300 {
      let isNew = object.append(.init(key: "k\(count)", value: .integer(count), line: count))
      let isNewAgain = object.append(.init(key: "k\(count)", value: 0))
      let firstIsNewAgain = object.append(.init(key: "k1", value: 0))
      #expect(isNew && !isNewAgain && !firstIsNewAgain)
      #expect(object.members.count == count)
      for number in 1...count {
        #expect(object["k\(number)"] == .integer(number))
        #expect(object.line(of: "k\(number)") == number)
      }
      #expect(object["k\(count + 1)"] == nil)
      #expect(object[""] == nil)
    }
    #expect(object.members.map(\.key) == (1...300).map { "k\($0)" })
  }

  @Test("A copy does not see what is appended to the original")
  func valueSemantics() {
    var object = JSONObject()
    for number in 0..<20 { _ = object.append(.init(key: "\(number)", value: .integer(number))) }
    let copy = object
    _ = object.append(.init(key: "new", value: true))
    #expect(object["new"] == true)
    #expect(copy["new"] == nil)
    #expect(copy.members.count == 20)
    #expect(copy["19"] == 19)
  }

  @Test func equalityIsByBytesAndOrderNotByLine() {
    func object(_ members: (String, JSONValue, Int)...) -> JSONObject {
      var object = JSONObject()
      for member in members {
        _ = object.append(.init(key: member.0, value: member.1, line: member.2))
      }
      return object
    }
    #expect(object(("a", 1, 1)) == object(("a", 1, 7)))
    #expect(object(("a", 1, 1), ("b", 2, 1)) != object(("b", 2, 1), ("a", 1, 1)))
    #expect(object(("\u{E9}", 1, 1)) != object(("e\u{301}", 1, 1)))
    #expect(object(("a", "\u{E9}", 1)) != object(("a", "e\u{301}", 1)))
    #expect(JSONValue.integer(2) != .number(2))
  }

  @Test func valuesOpenOnlyAsWhatTheyAre() {
    let value: JSONValue = ["i": 2, "d": 2.0, "h": 0.5, "s": "x", "b": true, "a": [1], "n": nil]
    #expect(value["i"]?.integer == 2)
    #expect(value["d"]?.integer == 2)
    #expect(value["h"]?.integer == nil)
    #expect(value["i"]?.double == 2)
    #expect(value["s"]?.string == "x")
    #expect(value["s"]?.integer == nil)
    #expect(value["b"]?.bool == true)
    #expect(value["b"]?.double == nil)
    #expect(value["a"]?.array == [1])
    #expect(value["a"]?["0"] == nil)
    #expect(value["n"]?.isNull == true)
    #expect(value["s"]?.isNull == false)
    #expect(value.object?.members.count == 7)
    #expect(JSONValue.number(1e300).integer == nil)
    let kinds = value.object?.members.map(\.value.kind)
    #expect(
      kinds == ["a number", "a number", "a number", "a string", "a boolean", "an array", "null"])
    #expect(value.kind == "an object")
  }
}
