import Testing
import ZorBADiagnostics

@testable import ZorBAData

@Suite struct LanguageModelingTests {
  /// Every token of the text is predicted exactly once, from the tokens right before it.
  @Test(arguments: [(true, 7), (false, 7), (true, 1), (false, 1), (true, 64), (false, 500)])
  func everyTokenIsPredictedOnce(hasBeginning: Bool, limit: Int) throws {
    let text = String(repeating: "To be, or not to be:\nthat is the question.\n\n", count: 5)
    let data = try loadRows(
      .init(.languageModeling, maximumTokens: limit), text, name: "a.txt",
      encoder: ByteEncoder(hasBeginning: hasBeginning))
    let targets = data.examples.flatMap { $0.queries.map { $0.targets[0] } }
    let all = text.utf8.map { Int32($0) + 2 }
    #expect(targets == Array(all.dropFirst(hasBeginning ? 0 : 1)))
    for example in data.examples {
      #expect(example.sequences.count == 1 && example.longestSequence <= limit)
      #expect(example.queries.map(\.position) == Array(example.sequences[0].indices))
    }
    #expect(data.examples.dropLast().allSatisfy { $0.longestSequence == limit })
    #expect(data.labels.isEmpty)
  }

  @Test func windowsRunAcrossPieces() {
    let task = TaskDefinition(.languageModeling, maximumTokens: 10)
    let sequences = SequenceEncoder(ByteEncoder(hasBeginning: false))
    var whole = LanguageModelingEncoder(task, sequences: sequences)
    var pieces = whole
    let text = "the quick brown fox jumps over the lazy dog"
    let expected = whole.append(text) + whole.finish()
    var got: [EncodedExample] = []
    for character in text { got += pieces.append(String(character)) }
    #expect(got + pieces.finish() == expected)
  }

  @Test func rowsAreTextsOfTheirOwn() throws {
    let data = try loadRows(
      .init(.languageModeling, maximumTokens: 5), "{\"text\": \"abcdefgh\"}\n{\"text\": \"xy\"}")
    #expect(data.examples.map(\.truncated) == [true, false])
    #expect(texts(data.examples[0]).1 == ["abcde"])
    let error = failure {
      _ = try loadRows(.init(.languageModeling), "{\"text\": \"a\"}\n{\"text\": \"\"}")
    }
    #expect(error.location.line == 2)
    let short = failure {
      _ = try loadRows(
        .init(.languageModeling), "a", name: "a.txt", encoder: ByteEncoder(hasBeginning: false))
    }
    #expect(short.message.contains("no example"))
  }

  @Test func plainTextIsForThisTaskOnly() {
    let error = failure { _ = try loadRows(.init(.completion), "some text", name: "a.txt") }
    #expect(error.message.contains("no columns"))
  }
}
