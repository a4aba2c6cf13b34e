import Testing
import ZorBADiagnostics

@testable import ZorBAData

@Suite struct MultipleChoiceTests {
  @Test func contextIsOptional() throws {
    let text = """
      {"question": "Why?", "context": "Because.", "choices": ["yes", "no"], "answer": 1}
      {"question": "How?", "choices": ["yes", "no"], "answer": 0}
      """
    let data = try loadRows(.init(.multipleChoice), text)
    #expect(texts(data.examples[0]).0 == "Because.\nWhy?\nAnswer:")
    #expect(texts(data.examples[1]).0 == "How?\nAnswer:")
    #expect(texts(data.examples[1]).1 == [" yes", " no"])
    #expect(data.labels == ["yes", "no"] && data.examples.map(\.label) == [1, 0])
  }

  @Test func contextIsShortenedBeforeTheQuestion() throws {
    let context = String(repeating: "long context ", count: 20)
    let question = "a question that is itself of some length"
    let row = """
      {"question": "\(question)", "context": "\(context)", "choices": ["yes", "no"], "answer": 0}
      """
    let kept = try loadRows(.init(.multipleChoice, maximumTokens: 70), row).examples[0]
    #expect(kept.truncated && kept.longestSequence <= 70)
    #expect(texts(kept).0.hasSuffix("\n\(question)\nAnswer:"))
    let tight = try loadRows(.init(.multipleChoice, maximumTokens: 30), row).examples[0]
    #expect(texts(tight).0 == "\na question that i\nAnswer:")
  }

  @Test func choicesDifferBetweenRows() throws {
    let text = """
      {"question": "a", "choices": ["x", "y", "z"], "answer": 2}
      {"question": "b", "choices": [1, 2], "answer": 0}
      """
    let data = try loadRows(.init(.multipleChoice), text)
    #expect(data.labels == ["choice 0", "choice 1", "choice 2"])
    let row = "question,choices,answer\nq,\"[\"\"a\"\", \"\"b\"\"]\",1\n"
    let table = try loadRows(.init(.multipleChoice), row, name: "a.csv")
    #expect(table.labels == ["a", "b"] && table.examples[0].label == 1)
  }

  @Test(arguments: [
    (#"{"question": "a", "choices": ["x", "y"], "answer": 2}"#, "answer", "not among the 2"),
    (#"{"question": "a", "choices": ["x", "y"], "answer": -1}"#, "answer", "not among the 2"),
    (#"{"question": "a", "choices": ["x", "y"], "answer": 0.5}"#, "answer", "not a whole"),
    (#"{"question": "a", "choices": ["x", "y"], "answer": "A"}"#, "answer", "not a whole"),
    (#"{"question": "a", "choices": ["x", "y"]}"#, "answer", "no column 'answer'"),
    (#"{"question": "a", "choices": ["x"], "answer": 0}"#, "choices", "number of choices is 1"),
    (#"{"question": "a", "choices": "x", "answer": 0}"#, "choices", "not an array"),
    (#"{"question": "a", "choices": ["x", ""], "answer": 0}"#, "choices", "choice 1 is empty"),
    (#"{"question": "a", "choices": ["x", []], "answer": 0}"#, "choices", "is an array"),
    (#"{"question": "a", "choices": ["x", "y", "x"], "answer": 0}"#, "choices", "0 and 2"),
    (#"{"choices": ["x", "y"], "answer": 0}"#, "question", "no column 'question'"),
  ])
  func faultyRowsAreExplained(row: String, column: String, message: String) {
    let error = failure { _ = try loadRows(.init(.multipleChoice), "\n\(row)\n") }
    #expect(error.code == .invalidData)
    #expect(error.location.line == 2 && error.location.field == column)
    #expect(error.message.contains(message), "\(error.message)")
  }
}
