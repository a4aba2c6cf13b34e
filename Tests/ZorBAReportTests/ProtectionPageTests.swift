import Testing
import ZorBATestSupport

@testable import ZorBAReport

/// What the page says of privacy, masks, aggregation and approvals.
@Suite struct ProtectionPageTests {
  private static var privacy: RunReport.Protection.Privacy {
    .init(
      level: "record", epsilon: 3, delta: 1e-5, clip: 10, noise: "central",
      sites: [
        .init(
          site: "north", epsilon: 2.0999901, noiseMultiplier: 1.25, samplingRate: 0.01, uses: 90),
        .init(
          site: "<b>south", epsilon: 1.5, noiseMultiplier: 1.5, samplingRate: 0.02, uses: 1200),
      ])
  }

  private func page(_ protection: RunReport.Protection) -> String {
    var report = RunReport(title: "t")
    report.protection = protection
    return report.html()
  }

  @Test func thePageSaysWhatProtectedTheRows() {
    let html = page(
      .init(
        privacy: Self.privacy, isMasked: true, minimumGroup: 3, smallestGroup: 4,
        rule: "weighted mean",
        approvals: [
          .init("zorba://trial/operator/<ann>", "2026-11-21T09:00:00Z"),
          .init("zorba://trial/operator/bo", "2026-11-21T10:00:00Z"),
        ]))
    let parsed = WellFormedness(of: html)
    #expect(parsed.fault == nil)
    // What is spent is rounded up: 2.0999901 of 3.
    for part in [
      "What protected the rows", "record level, epsilon 3 at delta 1e-5", "2.1000 of 3",
      "multiplier 1.25 to 1.5", "sums over groups of sites, the smallest of 4; at least 3 demanded",
      "weighted mean", "zorba://trial/operator/<ann>, 2026-11-21T09:00:00Z", "<b>south",
      "zorba://trial/operator/bo", "epsilon spent", "of 3 promised", "1.5000",
    ] {
      #expect(parsed.text.contains(part), "\(part)")
    }
    #expect(parsed.elements["ann"] == nil && parsed.elements["b"] == nil)
  }

  /// A coordinator knows the promise and no ledger; a run in the clear says so, and why.
  @Test func whatIsNotKnownIsNotInvented() {
    var privacy = Self.privacy
    privacy.sites = []
    privacy.noiseMultiplier = 0.8
    let html = page(
      .init(
        privacy: privacy, isMasked: false, clearBecause: "2 sites are fewer than a group",
        rule: "weighted median"))
    #expect(html.contains("in each site&#39;s own ledger") && html.contains("multiplier 0.8"))
    #expect(html.contains("the coordinator saw every answer. 2 sites are fewer than a group"))
    #expect(!html.contains("approved by") && !html.contains("of 3 promised"))
    let bare = page(.init(isMasked: true, rule: "weighted mean"))
    #expect(bare.contains("nothing is promised about rows"))
    #expect(bare.contains("sums over groups of sites</dd>"))
    #expect(!RunReport(title: "t").html().contains("What protected"))
  }

  @Test func wildValuesMakeAPage() {
    var generator = SeededGenerator(seed: 12)
    for _ in 0..<300 {
      var privacy = RunReport.Protection.Privacy(
        level: generator.wildText(), epsilon: generator.wildDouble(),
        delta: generator.wildDouble(), clip: generator.wildDouble(), noise: generator.wildText())
      if generator.next() % 2 == 0 { privacy.noiseMultiplier = generator.wildDouble() }
      privacy.sites = (0..<Int(generator.next() % 4)).map { _ in
        .init(
          site: "<evil>" + generator.wildText(), epsilon: generator.wildDouble(),
          noiseMultiplier: generator.wildDouble(), samplingRate: generator.wildDouble(),
          uses: Int(truncatingIfNeeded: generator.next()))
      }
      let html = page(
        .init(
          privacy: generator.next() % 5 == 0 ? nil : privacy,
          isMasked: generator.next() % 2 == 0,
          minimumGroup: Int(truncatingIfNeeded: generator.next()),
          smallestGroup: generator.next() % 2 == 0 ? nil : .min,
          clearBecause: generator.wildText(), rule: "<evil>" + generator.wildText(),
          approvals: [.init("<evil>" + generator.wildText(), generator.wildText())]))
      let parsed = WellFormedness(of: html)
      #expect(parsed.fault == nil && parsed.elements["evil"] == nil)
    }
  }
}
