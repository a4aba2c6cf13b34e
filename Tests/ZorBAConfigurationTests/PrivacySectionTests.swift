import Testing
import ZorBA
import ZorBAConfiguration
import ZorBADiagnostics
import ZorBATestSupport

/// The keys of `differential_privacy`.
@Suite struct PrivacySectionTests {
  private func run(_ privacy: String, _ more: String = "") throws -> RunConfiguration {
    try RunFile.parse(
      "model: m\ndata: {train: t.jsonl}\ndifferential_privacy: \(privacy)\n\(more)",
      file: "r.yaml")
  }

  @Test func everyPromiseComesBack() throws {
    for text in [
      "{epsilon: 3}", "{epsilon: 0.5, delta: 1e-6, clip: 2.5, level: site}",
      "{epsilon: 8, neighbours: replace, spare_rounds: 7, noise_multiplier: 1.25}",
    ] {
      let made = try run(text)
      #expect(throws: Never.self) { try made.validate() }
      #expect(try RunFile.parse(made.yamlText, file: "again.yaml") == made, "\(text)")
    }
    let promise = try #require(try run("{epsilon: 3}").differentialPrivacy)
    #expect(promise.delta == 1e-5 && promise.clip == 10 && promise.level == .record)
    #expect(promise.noise == .central && promise.noiseMultiplier == nil)
    #expect(try run("null").differentialPrivacy == nil)
    #expect(try RunFile.parse("model: m\ndata: {train: t}\n", file: "r").differentialPrivacy == nil)
  }

  @Test(arguments: [
    ("{delta: 1e-5}", "epsilon"), ("{epsilon: 0}", "epsilon"), ("{epsilon: nan}", "epsilon"),
    ("{epsilon: 2000}", "epsilon"), ("{epsilon: 1, delta: 0.1}", "delta"),
    ("{epsilon: 1, clip: 0}", "clip"), ("{epsilon: 1, level: row}", "level"),
    ("{epsilon: 1, noise_multiplier: 0}", "noise_multiplier"),
    ("{epsilon: 1, shares: 3}", "shares"), ("{epsilon: 1, noise: distributed}", "shares"),
    ("{epsilon: 1, noise: distributed, shares: 3}", "noise_multiplier"),
    ("{epsilon: 1, sigma: 3}", "sigma"),
  ])
  func whatCannotBeIsRefused(_ text: String, _ key: String) {
    let error = #expect(throws: ZorBAError.self) { try run(text) }
    #expect(error?.location.field == "differential_privacy.\(key)", "\(text)")
    #expect(error?.location.line == 3 && error?.advice != nil)
  }

  @Test func otherSectionsMustFit() {
    for more in [
      "method: {name: fedavg}", "blocks: {sensitivity: probe, plan: lexicographic}",
      "blocks: {plan: lexicographic, replan_every: 4}",
    ] {
      let error = #expect(throws: ZorBAError.self) { try run("{epsilon: 3}", more) }
      #expect(error?.advice != nil, "\(more)")
    }
  }

  @Test func anyTextIsReadOrRefused() {
    let text = Array("{epsilon: 3, delta: 1e-5, clip: 10, noise: central, shares: 0}".utf8)
    var mutator = Mutator(seed: 17)
    var accepted = 0
    for _ in 0..<2000 {
      do {
        let made = try run(String(decoding: mutator.mutate(text), as: UTF8.self))
        accepted += 1
        if let promise = made.differentialPrivacy {
          #expect(promise.epsilon > 0 && promise.delta > 0 && promise.clip > 0)
        }
      } catch { #expect(error is ZorBAError) }
    }
    #expect(accepted > 0)
  }
}
