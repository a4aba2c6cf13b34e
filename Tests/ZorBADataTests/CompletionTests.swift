import Testing
import ZorBADiagnostics

@testable import ZorBAData

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
