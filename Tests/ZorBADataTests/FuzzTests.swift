import Testing
import ZorBADiagnostics

@testable import ZorBAData

/// Mutated input is read or refused with a `ZorBAError`; nothing else may happen.
@Suite struct FuzzTests {
  /// Bytes with a few random edits: changes, insertions, deletions, repeats, a cut.
  private func mutated(
    _ bytes: [UInt8], _ random: inout RandomGenerator, alphabet: [UInt8]
  ) -> [UInt8] {
    var bytes = bytes
    for _ in 0...random.below(4) where !bytes.isEmpty {
      let place = random.below(bytes.count)
      let byte =
        random.below(3) == 0
        ? UInt8(random.below(256)) : alphabet[random.below(alphabet.count)]
      switch random.below(6) {
      case 0, 1: bytes[place] = byte
      case 2: bytes.insert(byte, at: place)
      case 3: bytes.remove(at: place)
      case 4: bytes.removeSubrange(place..<min(bytes.count, place + random.below(9)))
      default:
        let part = bytes[place..<min(bytes.count, place + random.below(9))]
        bytes.insert(contentsOf: part, at: random.below(bytes.count))
      }
    }
    return bytes
  }

  /// Runs `body` on mutations; counts what was accepted and what refused.
  private func fuzz(
    _ text: String, alphabet: String, seed: UInt64, _ body: ([UInt8]) throws -> Void
  ) -> (accepted: Int, refused: Int) {
    var random = RandomGenerator(seed: seed)
    var counts = (accepted: 0, refused: 0)
    for _ in 0..<4000 {
      let input = mutated(Array(text.utf8), &random, alphabet: Array(alphabet.utf8))
      do {
        try body(input)
        counts.accepted += 1
      } catch let error as ZorBAError {
        #expect(!error.message.isEmpty)
        counts.refused += 1
      } catch {
        Issue.record("not a ZorBAError: \(error)")
      }
    }
    return counts
  }

  private func lineCount(_ bytes: [UInt8]) -> Int { bytes.count { $0 == 0x0A } + 1 }

  @Test func jsonLinesNeverCrash() {
    let text =
      #"{"text": "a\u00e9 \"q\"", "label": 1.5e3}"# + "\r\n\n" + #"{"choices": ["x", null]}"#
    let counts = fuzz(text, alphabet: "{}[]\",:\\u\n\r 0e-", seed: 1) { bytes in
      for row in try jsonLines(bytes) { #expect((1...lineCount(bytes)).contains(row.line)) }
    }
    #expect(counts.accepted > 50 && counts.refused > 1000)
  }

  @Test func separatedValuesNeverCrash() {
    let text = "text,label\r\n\"a, \"\"b\"\"\nc\",x\r\n\nplain,y\n\"é\",\"\"\n"
    let counts = fuzz(text, alphabet: "\",\n\r\t ", seed: 2) { bytes in
      for row in try delimited(bytes) {
        #expect((1...lineCount(bytes)).contains(row.line))
        #expect(row.texts.joined().utf8.count <= bytes.count)
      }
    }
    #expect(counts.accepted > 50 && counts.refused > 1000)
  }

  @Test func templatesNeverCrash() {
    let counts = fuzz(
      "{{x}} {text} and {other} It was {label}. {{", alphabet: "{} \nlabel", seed: 3
    ) { bytes in
      guard let text = String(validating: bytes, as: UTF8.self) else { return }
      let template = try Template(text, slot: "label")
      #expect(!template.columns.isEmpty)
      let prefix = template.prefix(["text": "T", "other": "O"])
      #expect(prefix.utf8.count <= bytes.count)
    }
    #expect(counts.accepted > 50 && counts.refused > 1000)
  }

  @Test func plainTextNeverCrashes() {
    let counts = fuzz("one two\nthree é\n\nfour \u{1F600} five\n", alphabet: " \n\r", seed: 4) {
      bytes in
      var reader = PlainTextReader(try ByteStream(bytes: bytes, file: "t.txt"), pieceBytes: 8)
      var total = 0
      while let piece = try reader.next() { total += piece.utf8.count }
      #expect(total == bytes.count)
    }
    #expect(counts.accepted > 50 && counts.refused > 50)
  }

  /// Whole rows through the encoders, with limits from tight to wide.
  @Test func rowsNeverCrash() {
    let text = #"{"question": "q?", "context": "c c", "choices": ["x", "y"], "answer": 1}"#
    var limits = RandomGenerator(seed: 6)
    let counts = fuzz(text, alphabet: "{}[]\",:0129-e ", seed: 5) { bytes in
      let task = TaskDefinition(.multipleChoice, maximumTokens: 1 + limits.below(40))
      let encoder = try MultipleChoiceEncoder(
        task, sequences: SequenceEncoder(ByteEncoder(hasBeginning: limits.below(2) == 0)))
      for row in try jsonLines(bytes) {
        let example = try encoder.encode(row).example
        #expect(example.longestSequence <= task.maximumTokens)
        #expect(example.queries.allSatisfy { $0.position < task.maximumTokens })
      }
    }
    #expect(counts.accepted > 50 && counts.refused > 500)
  }
}
