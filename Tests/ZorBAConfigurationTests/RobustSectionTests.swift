import Testing
import ZorBA
import ZorBAConfiguration
import ZorBADiagnostics
import ZorBAOptimization

/// The sections `aggregation` and `fairness`.
@Suite struct RobustSectionTests {
  private func parse(_ sections: String) throws -> RunConfiguration {
    try RunFile.parse("model: m\ndata: {train: a.jsonl}\n\(sections)\n", file: "RUN.yaml")
  }

  @Test func absentSectionsAreNotWritten() throws {
    let run = try parse("")
    #expect(run.aggregation == AggregationConfiguration() && run.fairness == nil)
    #expect(!run.yamlText.contains("aggregation") && !run.yamlText.contains("fairness"))
    #expect(try parse("aggregation: {rule: mean}") == run)
  }

  @Test(arguments: [
    "aggregation: {rule: median}", "aggregation: {rule: trimmed_mean}",
    "aggregation: {rule: trimmed_mean, trim: 0.34}", "aggregation: {rule: norm_clipped}",
    "aggregation: {rule: norm_clipped, clip: auto}",
    "aggregation: {rule: norm_clipped, clip: 2.5}",
    "aggregation: {rule: norm_clipped}\nmethod: {seeding: perClient}",
    "fairness: {}", "fairness: {segment: region}",
    "fairness: {segment: region, minimum_count: 20, drift_alarm: 0.05}",
    "fairness: {weights: q_fair}", "fairness: {weights: q_fair, q: 2}",
    "fairness: {weights: uniform}", "fairness: {minimum_count: 1}",
    "fairness: {segment: answer}", "fairness: {segment: label}\ntask: {kind: multiple_choice}",
  ])
  func whatIsWrittenIsReadBack(_ sections: String) throws {
    let run = try parse(sections)
    #expect(try RunFile.parse(run.yamlText, file: "copy") == run)
    try run.validate()
  }

  @Test func valuesArrive() throws {
    var run = try parse(
      "aggregation: {rule: norm_clipped, clip: 3}\nfairness: {weights: q_fair, q: 0.5}")
    #expect(run.aggregation.clip == .norm(3) && run.fairness?.lossExponent == 0.5)
    run = try parse("fairness: {weights: uniform}")
    #expect(run.federation.weights == .uniform && run.fairness?.lossExponent == nil)
    run = try parse("fairness: {weights: uniform}\nfederation: {weights: uniform}")
    #expect(run.federation.weights == .uniform)
  }

  @Test(arguments: [
    ("aggregation: {rule: best}", "rule"), ("aggregation: {trim: 0.2}", "trim"),
    ("aggregation: {rule: median, clip: 3}", "clip"),
    ("aggregation: {rule: trimmed_mean, trim: 0.5}", "trim"),
    ("aggregation: {rule: trimmed_mean, trim: 0}", "trim"),
    ("aggregation: {rule: norm_clipped, clip: 0}", "clip"),
    ("aggregation: {rule: norm_clipped, clip: soft}", "clip"),
    ("aggregation: {rule: norm_clipped, clip: nan}", "clip"),
    ("aggregation: {rule: median}\nmethod: {seeding: perClient}", "different directions"),
    ("aggregation: {rule: trimmed_mean}\nmethod: {name: fedkseed}", "different directions"),
    ("aggregation: {rule: norm_clipped}\nmethod: {name: fedavg}", "sends none"),
    ("aggregation: {rules: median}", "rules"),
    ("fairness: {q: 2}", "q_fair"), ("fairness: {weights: uniform, q: 2}", "q_fair"),
    ("fairness: {weights: q_fair, q: 0}", "q"), ("fairness: {weights: q_fair, q: 17}", "q"),
    ("fairness: {minimum_count: 2}", "minimum_count"),
    ("fairness: {minimum_count: 0}", "minimum_count"),
    ("fairness: {drift_alarm: 0}", "drift_alarm"), ("fairness: {segments: a}", "segment"),
    ("fairness: {weights: fair}", "weights"),
    ("fairness: {weights: uniform}\nfederation: {weights: examples}", "one of the two"),
    ("fairness: {weights: q_fair}\nmethod: {name: fedavg}", "losses"),
    ("fairness: {segment: label}", "fairness.segment: 'label'"),
    ("fairness: {segment: answer}\ntask: {kind: multiple_choice}", "fairness.segment: 'answer'"),
    (
      "fairness: {segment: reply}\ntask: {kind: completion, completion_column: reply}",
      "fairness.segment: 'reply'"
    ),
  ])
  func whatCannotBeIsNamed(_ sections: String, _ word: String) throws {
    let error = try #require(throws: ZorBAError.self) { try parse(sections) }
    #expect(error.code == .invalidConfiguration && error.location.file == "RUN.yaml")
    let text = "\(error.message) \(error.location.field ?? "") \(error.advice ?? "")"
    #expect(text.contains(word), "\(text)")
  }

  @Test func runsMadeInCodeAreChecked() throws {
    var run = try parse("")
    run.aggregation.rule = .median
    try run.validate()
    run.method.seeding = .perClient
    #expect(throws: ZorBAError.self) { try run.validate() }
    run.method.seeding = .shared
    run.aggregation.trim = 0.7
    #expect(throws: ZorBAError.self) { try run.validate() }
  }

  @Test func secureAggregationKnowsOnlySums() throws {
    var aggregation = AggregationConfiguration()
    #expect(aggregation.conflict(withSecureAggregation: true) == nil)
    for rule in AggregationConfiguration.Rule.allCases where rule != .mean {
      aggregation.rule = rule
      #expect(aggregation.conflict(withSecureAggregation: false) == nil)
      let fault = try #require(aggregation.conflict(withSecureAggregation: true))
      #expect(fault.key == "aggregation.rule" && fault.value.contains(rule.rawValue))
    }
    aggregation.clip = .norm(1)
    #expect(aggregation.conflict(withSecureAggregation: true)?.rule.contains("every site") == true)
    var fairness = FairnessConfiguration()
    #expect(fairness.conflict(withSecureAggregation: true) == nil)
    #expect(fairness.conflict(withDifferentialPrivacy: true) == nil)
    fairness.lossExponent = 1
    #expect(fairness.conflict(withSecureAggregation: true) != nil)
    #expect(fairness.conflict(withDifferentialPrivacy: true) != nil)
    #expect(fairness.conflict(withDifferentialPrivacy: false) == nil)
  }
}
