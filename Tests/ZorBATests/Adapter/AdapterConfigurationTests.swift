import Testing
import ZorBAConfiguration
import ZorBADiagnostics
import ZorBAModels
import ZorBATensor

@testable import ZorBA

/// The `adapter` section of a run.
@Suite struct AdapterConfigurationTests {
  private func parse(_ section: String) throws -> RunConfiguration {
    try RunFile.parse("model: m\ndata: {train: a.jsonl}\n\(section)\n", file: "run.yaml")
  }

  @Test func aSectionReadsBack() throws {
    let texts = [
      "adapter: {kind: lora}", "adapter: {}", "adapter: {kind: ia3, targets: [k_proj]}",
      "adapter: {rank: 4, alpha: 3.5, dropout: 0.1, rank_stabilised: true, base: nf4}",
      "adapter: {path: there, base_digest: '00ff'}",
      "adapter: {kind: ia3, targets: [q_proj, fc2], feed_forward: [fc2]}",
    ]
    for text in texts {
      let run = try parse(text)
      #expect(run.adapter != nil)
      #expect(try RunFile.parse(run.yamlText, file: "run.yaml") == run, "\(text)")
      #expect(try AdapterConfiguration(journaled: run.journaled) == run.adapter, "\(text)")
    }
    #expect(try parse("rounds: 3").adapter == nil && parse("adapter: ~").adapter == nil)
    #expect(try parse("rounds: 3").yamlText.contains("adapter") == false)
    #expect(try parse("adapter: {path: there}").adapter?.path == "there")
  }

  @Test func whatCannotBeUsedNamesItsKey() throws {
    let faults = [
      "rank: 0": "adapter.rank", "alpha: -1": "adapter.alpha", "dropout: 1": "adapter.dropout",
      "kind: dora": "adapter.kind", "base: int8": "adapter.base", "ranks: 3": "adapter.ranks",
      "kind: ia3, rank: 4": "adapter.rank", "targets: [all-linear, q_proj]": "adapter.targets",
      "kind: lora, feed_forward: [fc2]": "adapter.feed_forward",
    ]
    for (text, field) in faults {
      let error = #expect(throws: ZorBAError.self) { try parse("adapter: {\(text)}") }
      #expect(error?.location.field == field && error?.location.line == 3, "\(text)")
    }
    for other in ["precision: {weights: bfloat16}", "memory: {budget_mib: 100}"] {
      #expect(throws: ZorBAError.self) { try parse("\(other)\nadapter: {base: nf4}") }
    }
  }

  /// Defaults are those of PEFT, family by family.
  @Test(arguments: AdapterGolden.all)
  func defaultsArePEFTs(_ golden: AdapterGolden) throws {
    guard ["-lora", "-ia3"].contains(where: golden.name.hasSuffix), golden.name != "qwen2-lora",
      golden.name != "llama-biased-ia3"
    else { return }
    let stored = try AdapterFolder(path: golden.folder).description
    let model = try golden.working(.init(threads: 1)).model.configuration
    var section = AdapterConfiguration()
    if golden.name.hasSuffix("ia3") {
      section.kind = .ia3
    } else {
      (section.rank, section.alpha) = (4, 6)
    }
    let found = try section.description(for: model)
    #expect(Set(model.adaptedModules(by: found)) == Set(model.adaptedModules(by: stored)))
    #expect(
      try model.adapterEntries(found).flatMap { $0 } == model.adapterEntries(stored).flatMap { $0 })
  }

  @Test func unknownTargetsAreNamed() throws {
    let golden = try #require(AdapterGolden.all.first { $0.name == "opt-lora" })
    let model = try golden.working(.init(threads: 1)).model.configuration
    var section = AdapterConfiguration()
    section.targets = ["q_proj", "query"]
    let error = #expect(throws: ZorBAError.self) { try section.description(for: model) }
    #expect(error?.location.field == "adapter.targets" && error?.advice?.contains("fc1") == true)
  }
}
