import Testing
import ZorBADiagnostics
import ZorBAJSON
import ZorBATestSupport

@Suite struct JSONFuzzTests {
  private static let seedText = #"""
    {"architectures": ["LlamaForCausalLM"], "eps": 1e-05, "n": -12, "big": 123456789012345678901,
     "nested": {"a": [[], {}, [null, true, false]], "é": "caf\u00e9 \uD83D\uDE00 \" \\ \/ 层"},
     "k0": 0, "k1": 1, "k2": 2, "k3": 3, "k4": 4, "k5": 5, "k6": 6, "k7": 7, "k8": 8.25}
    """#

  @Test("5000 mutations: each is a ZorBAError or a value that survives a round trip")
  func mutations() throws {
    var generator = SeededGenerator(seed: 11)
    let bytes = Array(Self.seedText.utf8)
    var accepted = 0
    for _ in 0..<5000 {
      let mutated = generator.mutated(bytes, within: 0..<bytes.count)
      do {
        let value = try JSONParser.parse(mutated)
        accepted += 1
        #expect(try JSONParser.parse(value.serialized.utf8) == value)
      } catch {
        #expect(error is ZorBAError)
      }
    }
    // Both outcomes occur, so both paths were taken.
    #expect(accepted > 100 && accepted < 4000)
  }

  @Test("Every prefix is an error")
  func truncations() {
    let bytes = Array(Self.seedText.utf8)
    for count in 0..<bytes.count {
      #expect(throws: ZorBAError.self) { try JSONParser.parse(bytes[..<count]) }
    }
  }
}
