import Testing
import ZorBA
import ZorBADiagnostics
import ZorBAJSON

@testable import ZorBAConfiguration

/// `secure_aggregation` in a run file.
@Suite struct SecureAggregationSectionTests {
  private func parse(_ lines: String...) throws -> RunConfiguration {
    let base = [
      "model: m", "federation: {sites: [a, b, c, d]}",
      "task: {labels: {x: y, z: w}}",
    ]
    return try RunFile.parse((base + lines).joined(separator: "\n") + "\n", file: "run.yaml")
  }

  @Test func aWordOrASection() throws {
    #expect(try parse().secureAggregation.mode == .auto)
    for mode in SecureAggregationConfiguration.Mode.allCases {
      #expect(try parse("secure_aggregation: \(mode.rawValue)").secureAggregation.mode == mode)
    }
    let run = try parse(
      "secure_aggregation: {mode: on, minimum_group: 4, clip: 10, adversary_share: 0.2, "
        + "dropout_share: 0.1}")
    var expected = SecureAggregationConfiguration()
    expected.mode = .on
    expected.minimumGroup = 4
    expected.clip = 10
    expected.adversaryShare = 0.2
    expected.dropoutShare = 0.1
    #expect(run.secureAggregation == expected)
    #expect(try RunFile.parse(run.yamlText, file: "again.yaml") == run)
  }

  /// A journal of a run in the clear has no trace of the key, so that its bits stay as they were.
  @Test func theJournalKeepsWhatDecidesBits() throws {
    for lines in ["secure_aggregation: auto", "secure_aggregation: off"] {
      let journaled = try parse(lines).journaled
      #expect(journaled["secure_aggregation"] == nil)
      #expect(journaled == (try parse().journaled))
    }
    let run = try parse("secure_aggregation: on")
    #expect(run.journaled["secure_aggregation"]?.string == "on")
    let read = try RunFile.parse(
      journaled: run.journaled, model: "m", data: DataFiles(train: []))
    #expect(read.secureAggregation == run.secureAggregation)
  }

  @Test(arguments: [
    ("secure_aggregation: maybe", "secure_aggregation"),
    ("secure_aggregation: {mode: on, minimum_group: 2}", "secure_aggregation.minimum_group"),
    ("secure_aggregation: {clip: 0}", "secure_aggregation.clip"),
    ("secure_aggregation: {clip: 1e9}", "secure_aggregation.clip"),
    ("secure_aggregation: {adversary_share: 0.6}", "secure_aggregation.adversary_share"),
    (
      "secure_aggregation: {adversary_share: 0.4, dropout_share: 0.4}",
      "secure_aggregation.dropout_share"
    ),
    ("secure_aggregation: {mode: on, group: 3}", "secure_aggregation.group"),
    ("secure_aggregation: [on]", "secure_aggregation"),
    // What needs single answers.
    ("secure_aggregation: on\nmethod: {seeding: perClient}", "secure_aggregation"),
    ("secure_aggregation: on\nmethod: {name: fedkseed}", "secure_aggregation"),
    ("secure_aggregation: on\nmethod: {name: fedavg}", "secure_aggregation"),
    (
      "secure_aggregation: on\nblocks: {plan: lexicographic, replan_every: 5}",
      "secure_aggregation"
    ),
    ("secure_aggregation: {mode: on, minimum_group: 5}", "secure_aggregation"),
  ])
  func whatCannotBe(_ lines: String, _ field: String) throws {
    let error = try #require(throws: ZorBAError.self) { try parse(lines) }
    #expect(error.code == .invalidConfiguration)
    #expect(error.location.field == field)
    #expect(error.advice != nil || lines.hasSuffix("[on]"))
  }

  @Test func autoStandsAside() throws {
    let run = try parse("secure_aggregation: auto", "method: {seeding: perClient}")
    #expect(!run.secureAggregation.isOn && run.secureAggregationObstacle != nil)
    #expect(try parse("secure_aggregation: on").secureAggregationObstacle == nil)
  }

  /// As many are asked as are needed when some fall silent, and no more.
  @Test func asksEnough() {
    for minimum in 3...40 {
      for share in [0, 0.1, 0.2, 0.3, 0.33] {
        var configuration = SecureAggregationConfiguration()
        configuration.minimumGroup = minimum
        configuration.dropoutShare = share
        func left(_ count: Int) -> Int { count - Int(share * Double(count) + 1e-9) }
        let count = configuration.groupToAsk
        #expect(left(count) >= minimum)
        #expect(count == minimum || left(count - 1) < minimum)
      }
    }
  }
}
