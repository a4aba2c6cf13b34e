import Testing
import ZorBADiagnostics

@testable import ZorBAData

@Suite struct TemplateTests {
  @Test func spaceBeforeTheSlotBelongsToTheAnswer() throws {
    let template = try Template("{text} It was {label}.", slot: "label")
    #expect(template.parts == [.column("text"), .literal(" It was")])
    #expect(template.columns == ["text"])
    #expect(template.prefix(["text": "Fine."]) == "Fine. It was")
    #expect(template.continuation("great") == " great")
    #expect(template.continuation(" great") == " great")
    #expect(template.anchor == " It was")
  }

  @Test func whatFollowsTheSlotIsDropped() throws {
    let template = try Template("{a}:{label} {later} }} end", slot: "label")
    #expect(template.columns == ["a"])
    #expect(template.prefix(["a": "x"]) == "x:")
    #expect(template.continuation("y") == "y")
    #expect(template.anchor == nil)
  }

  @Test func doubledBracesAreBraces() throws {
    let template = try Template("{{{a}}} {{label}} {b}{a} {label}", slot: "label")
    #expect(template.prefix(["a": "x", "b": "y"]) == "{x} {label} yx")
    #expect(template.columns == ["a", "b"])
    #expect(template.separator == " ")
  }

  @Test func onlyWordBoundariesAnchorTheCandidates() throws {
    for text in ["{a} {label}", "{a}\n{label}", "{a}x {label}", "{a} was  {label}"] {
      #expect(try Template(text, slot: "label").anchor == nil, "\(text)")
    }
  }

  @Test(arguments: [
    ("{text} It was", "has no {label}"), ("", "has no {label}"),
    ("It was {label}", "no column before"), ("{label} {text}", "no column before"),
    ("{text} {label} {label}", "2 times"), ("{text {label}", "{ inside"),
    ("{text", "{ without"), ("{} {label}", "empty name"), ("{text}} {label}", "} without"),
    ("a } {text} {label}", "} without"),
  ])
  func faultsAreExplained(text: String, message: String) {
    let error = failure { _ = try Template(text, slot: "label") }
    #expect(error.code == .invalidConfiguration)
    #expect(error.location.field == "task.template")
    #expect(error.message.contains(message), "\(error.message)")
  }

  @Test func unknownPlaceholdersListTheColumns() throws {
    let task = TaskDefinition(
      .classification, template: "{txet} {label}", labels: testLabels, maximumTokens: 50)
    let error = failure {
      _ = try loadRows(task, "{\"text\": \"x\", \"label\": \"positive\"}\n")
    }
    #expect(error.location.line == 1 && error.location.field == "txet")
    #expect(error.advice == "The columns are 'text', 'label'.")
  }
}
