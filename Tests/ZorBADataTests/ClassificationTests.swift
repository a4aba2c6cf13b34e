import Testing
import ZorBADiagnostics

@testable import ZorBAData

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
