import Testing
import ZorBADiagnostics
import ZorBAJSON

@testable import ZorBAData

let testLabels: [TaskDefinition.LabelWord] = [
  .init(value: "positive", word: "great"), .init(value: "negative", word: "bad"),
]

/// Loads rows from a file that exists for the call only.
func loadRows(
  _ task: TaskDefinition, _ text: String, name: String = "rows.jsonl",
  encoder: any TextEncoder = ByteEncoder(), labelsOf reference: Dataset? = nil
) throws -> Dataset {
  let folder = try TemporaryDirectory()
  let path = try folder.write(text, to: name)
  return try DatasetLoader(task, encoder: encoder).load(path, labelsOf: reference)
}

/// The text that the model is to produce, and what it reads before, of each candidate.
private func texts(_ example: EncodedExample) -> (String, [String]) {
  (ByteEncoder.text(example.context), example.continuations.map(ByteEncoder.text))
}

@Suite struct ClassificationTests {
  private let rows = """
    {"text": "A fine film.", "label": "positive", "site": "b"}
    {"text": "Dull", "label": "negative", "site": "a"}
    """

  @Test func candidatesContinueThePrefix() throws {
    var task = TaskDefinition(.classification, labels: testLabels)
    task.columns.site = "site"
    let data = try loadRows(task, rows)
    #expect(data.labels == ["positive", "negative"])
    #expect(data.examples.map(\.label) == [0, 1])
    #expect(data.examples.map(\.site) == ["b", "a"])
    #expect(data.examples.map(\.line) == [1, 2])
    let (context, candidates) = texts(data.examples[0])
    #expect(context == "A fine film. It was" && candidates == [" great", " bad"])
    #expect(data.examples[0].context.first == 0)
    #expect(data.summary.truncated == 0)
  }

  @Test func severalTokensGiveASequenceEach() throws {
    let example = try loadRows(.init(.classification, labels: testLabels), rows).examples[1]
    #expect(example.sequences.map(ByteEncoder.text) == ["Dull It was grea", "Dull It was ba"])
    let queries = example.queries
    #expect(queries.count == 10 && queries.allSatisfy { $0.normalised && $0.targets.count == 1 })
    for query in queries {
      let whole = example.context + example.continuations[query.sequence]
      #expect(whole[query.position + 1] == query.targets[0])
      #expect(example.sequences[query.sequence].indices.contains(query.position))
    }
    #expect(example.objective == .candidates(queriesOf: [0..<6, 6..<10], answer: 1))
    #expect(example.tokenCount == example.sequences.reduce(0) { $0 + $1.count })
    #expect(example.longestSequence == example.sequences.map(\.count).max())
  }

  @Test func oneTokenEachGivesOneQuery() throws {
    let encoder = WordEncoder(vocabulary: [" great": 7, " bad": 8, " was": 3, " It": 4])
    let example = try loadRows(
      .init(.classification, labels: testLabels), rows, encoder: encoder
    ).examples[0]
    #expect(example.sequences == [example.context])
    #expect(example.context.suffix(2) == [4, 3])
    #expect(
      example.queries == [
        Query(
          sequence: 0, position: example.context.count - 1, targets: [7, 8], normalised: false)
      ])
    #expect(example.objective == .singleQueryCandidates(answer: 0))
    #expect(example.tokenCount == example.context.count)
  }

  /// A token that reaches across the boundary belongs to the answer for all candidates.
  @Test func tokensAcrossTheBoundaryMoveIt() throws {
    // "x:great" is one token, so the context must end before "x:".
    let encoder = WordEncoder(vocabulary: [" x:great": 7])
    let task = TaskDefinition(.classification, template: "{text} x:{label}", labels: testLabels)
    let example = try loadRows(task, rows, encoder: encoder).examples[0]
    #expect(example.continuations[0] == [7])
    #expect(example.continuations[1] == " x:bad".utf8.map { Int32($0) + 1000 })
    #expect(example.context == encoder.encode("A fine film.", addingSpecialTokens: false))
  }

  /// With and without the shared candidates the examples must be the same.
  @Test func sharedCandidatesEqualThoseOfEachRow() throws {
    let task = TaskDefinition(.classification, labels: testLabels)
    let encoder = WordEncoder(vocabulary: [" great": 7, " was": 3, " It": 4])
    for example in try loadRows(task, rows, encoder: encoder).examples {
      let text = example.line == 1 ? "A fine film." : "Dull"
      let split = SequenceEncoder(encoder).split(
        prefix: text + " It was", continuations: [" great", " bad"])
      #expect(example.context == split.context)
      #expect(example.continuations == split.continuations)
    }
  }

  @Test func longestTextLosesItsTail() throws {
    let task = TaskDefinition(
      .classification, template: "{a} | {b} It was {label}.", labels: testLabels,
      maximumTokens: 40)
    let text = """
      {"a": "short", "b": "a rather long text that cannot stay", "label": "negative"}
      {"a": "short", "b": "a rather l", "label": "negative"}
      """
    let data = try loadRows(task, text)
    #expect(data.examples.map(\.truncated) == [true, false])
    #expect(data.summary.truncated == 1)
    // One to begin, 33 bytes of text and " great" but for its last token; the fortieth would be
    // the space after "text", which is not left standing at the end.
    #expect(data.examples[0].longestSequence == 39)
    #expect(texts(data.examples[0]).0 == "short | a rather long text It was")
  }

  /// Shortening keeps as much as fits: one scalar more would not.
  @Test(arguments: [30, 31, 37, 50, 80])
  func shorteningKeepsAllThatFits(limit: Int) throws {
    let words = String(repeating: "äbc 日本 ", count: 20)
    let task = TaskDefinition(.classification, labels: testLabels, maximumTokens: limit)
    let example = try loadRows(task, "{\"text\": \"\(words)\", \"label\": \"positive\"}")
      .examples[0]
    #expect(example.truncated && example.longestSequence <= limit)
    #expect(example.longestSequence > limit - 8)
    let kept = texts(example).0.dropLast(" It was".count)
    #expect(words.hasPrefix(kept) && texts(example).0.hasSuffix(" It was"))
  }

  @Test func whatCannotFitIsAnError() {
    let task = TaskDefinition(.classification, labels: testLabels, maximumTokens: 12)
    let error = failure { _ = try loadRows(task, "\n" + rows) }
    #expect(error.code == .invalidData && error.location.line == 2)
    #expect(error.message.contains("13 tokens, more than the 12"))
    let bare = TaskDefinition(.classification, template: "{text} {label}", labels: testLabels)
    let empty = failure {
      _ = try loadRows(
        bare, "{\"text\": \"\", \"label\": \"positive\"}", encoder: ByteEncoder(hasBeginning: false)
      )
    }
    #expect(empty.message.contains("nothing stands before"))
  }

  @Test func labelsOutsideTheMapListTheKnownOnes() {
    let text = rows + "\n{\"text\": \"x\", \"label\": \"neutral\"}"
    let error = failure { _ = try loadRows(.init(.classification, labels: testLabels), text) }
    #expect(error.location.line == 3 && error.location.field == "label")
    #expect(error.message.contains("'neutral'"))
    #expect(error.advice == "The known labels are 'positive', 'negative'.")
  }

  @Test func labelsAreFoundInTheData() throws {
    let text = """
      text,label
      a,very_good
      b,bad
      c,very_good
      """
    let data = try loadRows(.init(.classification), text, name: "rows.csv")
    #expect(data.labels == ["bad", "very_good"])
    #expect(texts(data.examples[0]).1 == [" bad", " very good"])
    #expect(data.summary.labelCounts == [1, 2])
    // Another file takes over the numbers of the first.
    let other = try loadRows(
      .init(.classification), "text,label\nx,very_good\n", name: "b.csv", labelsOf: data)
    #expect(other.examples[0].label == 1 && other.labels == data.labels)
    let strange = failure {
      _ = try loadRows(.init(.classification), "text,label\nx,so\n", name: "b.csv", labelsOf: data)
    }
    #expect(strange.location.line == 2)
    let single = failure {
      _ = try loadRows(.init(.classification), "text,label\nx,so\n", name: "b.csv")
    }
    #expect(single.message.contains("every row has the label 'so'"))
    let none = failure { _ = try loadRows(.init(.classification), "text,label\n", name: "b.csv") }
    #expect(none.message.contains("no example"))
  }

  @Test func numbersAndBooleansAreLabelsToo() throws {
    let text = "{\"text\": 5, \"label\": 1}\n{\"text\": true, \"label\": 0}"
    let data = try loadRows(.init(.classification), text)
    #expect(data.labels == ["0", "1"] && data.examples.map(\.label) == [1, 0])
    #expect(texts(data.examples[0]).0 == "5 It was")
    let null = failure {
      _ = try loadRows(.init(.classification), "{\"text\": \"x\", \"label\": null}")
    }
    #expect(null.message.contains("is null"))
  }

  @Test(arguments: ["{text} It was {label}", "{text}\n{label}"])
  func labelsWithTheSameTokensAreNamed(template: String) {
    let labels: [TaskDefinition.LabelWord] = [
      .init(value: "one", word: "same"), .init(value: "two", word: "other"),
      .init(value: "three", word: "same"),
    ]
    let error = failure {
      _ = try loadRows(
        .init(.classification, template: template, labels: labels),
        "{\"text\": \"x\", \"label\": \"two\"}")
    }
    #expect(error.message.contains("'one' and 'three'"))
  }

  @Test func unusableLabelMapsAreRefused() {
    for labels: [TaskDefinition.LabelWord] in [
      [], [testLabels[0]], [testLabels[0], testLabels[0]],
      [testLabels[0], .init(value: "b", word: " ")],
    ] {
      let error = failure {
        _ = try loadRows(.init(.classification, labels: labels), rows)
      }
      #expect(error.code == .invalidConfiguration && error.location.field == "task.labels")
    }
  }
}

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

@Suite struct CompletionTests {
  private let row = #"{"prompt": "one two three", "completion": " four"}"#

  @Test func onlyTheCompletionAndTheEndAreScored() throws {
    let example = try loadRows(.init(.completion), row).examples[0]
    #expect(texts(example).0 == "one two three")
    #expect(example.continuations == [" four".utf8.map { Int32($0) + 2 } + [1]])
    #expect(example.objective == .tokens && example.label == nil)
    #expect(example.queries.map(\.position) == Array(13...18))
    let endless = try loadRows(.init(.completion), row, encoder: ByteEncoder(hasEnd: false))
    #expect(endless.examples[0].continuations[0].count == 5)
  }

  @Test(arguments: [true, false])
  func promptLosesItsBeginning(hasBeginning: Bool) throws {
    let encoder = ByteEncoder(hasBeginning: hasBeginning)
    for limit in 6...19 {
      let example = try loadRows(
        .init(.completion, maximumTokens: limit), row, encoder: encoder
      ).examples[0]
      let full = 13 + 5 + (hasBeginning ? 1 : 0)
      #expect(example.longestSequence == min(limit, full))
      #expect(example.truncated == (limit < full))
      #expect("one two three".hasSuffix(ByteEncoder.text(example.context)))
      if hasBeginning { #expect(example.context.first == 0) }
    }
    let error = failure {
      _ = try loadRows(.init(.completion, maximumTokens: 5), row, encoder: encoder)
    }
    #expect(error.location.line == 1 && error.message.contains("the completion alone takes 6"))
  }

  @Test func emptyPartsAreErrors() throws {
    let empty = failure {
      _ = try loadRows(.init(.completion), #"{"prompt": "x", "completion": ""}"#)
    }
    #expect(empty.location.field == "completion")
    let row = #"{"prompt": "", "completion": "x"}"#
    #expect(try loadRows(.init(.completion), row).examples[0].context == [0])
    let bare = failure {
      _ = try loadRows(.init(.completion), row, encoder: ByteEncoder(hasBeginning: false))
    }
    #expect(bare.location.field == "prompt")
  }

  @Test func columnsCanBeNamed() throws {
    var task = TaskDefinition(.completion)
    task.columns.prompt = "q"
    task.columns.completion = "a"
    let data = try loadRows(task, "q,a\nx,y\n", name: "a.csv")
    #expect(texts(data.examples[0]).0 == "x")
  }
}

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

@Suite struct DatasetTests {
  @Test func summaryCountsAndPrints() throws {
    let text = (1...20).map {
      "{\"text\": \"\(String(repeating: "x", count: $0))\", \"label\": \"\($0 % 4 == 0 ? "b" : "a")\"}"
    }.joined(separator: "\n")
    let data = try loadRows(.init(.classification), text)
    // One to begin, the text, " It was", and one token less than " a".
    let base = 1 + 7 + 1
    #expect(
      data.summary.lengths
        == .init(minimum: base + 1, median: base + 10, percentile95: base + 19, maximum: base + 20))
    #expect(data.summary.labelCounts == [15, 5])
    #expect(data.summary.json["labels"]?["b"] == 5 && data.summary.json["dropped"] == 0)
    let lines = data.summary.table.split(separator: "\n")
    #expect(Set(lines.map(\.count)).count == 1, "columns are aligned")
    #expect(lines.contains { $0.hasPrefix("label a") && $0.hasSuffix(" 15") })
  }

  @Test func clientFilesShareTheirLabels() throws {
    let folder = try TemporaryDirectory()
    let first = try folder.write("text,label\nx,b\ny,b\n", to: "a.csv")
    let second = try folder.write("text,label\nx,a\n", to: "b.csv")
    let loader = try DatasetLoader(.init(.classification), encoder: ByteEncoder())
    let (data, counts) = try loader.load(clientFiles: [first, second])
    #expect(data.labels == ["a", "b"] && data.examples.map(\.label) == [1, 1, 0])
    #expect(counts == [2, 1])
    let shares = try data.partitioned(.files(counts: counts), clients: 2, seed: 0)
    #expect(shares == [[0, 1], [2]])
    #expect(data.selecting(shares[1]).summary.labelCounts == [1, 0])
  }
}
