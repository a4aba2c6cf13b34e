import Testing
import ZorBA
import ZorBAJSON
import ZorBAPresentation
import ZorBAReport

@testable import ZorBACoordinator

/// The page of a run says of its protection what `result.json` says.
@Suite struct ProtectionReportTests {
  @Test func pageAndResultAgree() throws {
    let federation = try LoopbackFederation(sites: 4) {
      $0.rounds = 2
      $0.secureAggregation.mode = .on
      $0.differentialPrivacy = DifferentialPrivacyConfiguration(epsilon: 8)
    }
    var result = try federation.simulate()
    result.protection?.approvals = [.init(approver: "<i>ann", time: 1_780_000_000)]
    let json = result.json
    let masks = try #require(json["protection"]?["secure_aggregation"])
    #expect(masks["mode"]?.string == "on" && masks["minimum_group"]?.integer == 3)
    #expect(masks["smallest_group"]?.integer == 4)
    #expect(json["protection"]?["aggregation"]?["rule"]?.string == "mean")
    let promised = try #require(json["protection"]?["differential_privacy"])
    #expect(promised.serialized == json["privacy"]?["promised"]?.serialized)
    let approval = try #require(json["protection"]?["approvals"]?.array?.first)
    #expect(approval["approver"]?.string == "<i>ann")

    let report = RunReport(result, configuration: federation.run, title: "trial")
    let protection = try #require(report.protection)
    #expect(protection.isMasked && protection.smallestGroup == masks["smallest_group"]?.integer)
    #expect(protection.minimumGroup == masks["minimum_group"]?.integer)
    #expect(protection.approvals.first?.value == "2026-05-28T20:26:40Z")
    let privacy = try #require(protection.privacy)
    #expect(privacy.level == promised["level"]?.string)
    #expect(privacy.epsilon == promised["epsilon"]?.double)
    #expect(privacy.delta == promised["delta"]?.double && privacy.clip == promised["clip"]?.double)
    let sites = try #require(json["privacy"]?["sites"]?.array)
    #expect(privacy.sites.map(\.site) == sites.compactMap { $0["client"]?.string })
    #expect(privacy.sites.map(\.epsilon) == sites.compactMap { $0["epsilon"]?.double })
    #expect(
      privacy.sites.map(\.noiseMultiplier) == sites.compactMap { $0["noise_multiplier"]?.double })
    #expect(privacy.sites.map(\.uses) == sites.compactMap { $0["uses"]?.integer })
    #expect(privacy.sites.map(\.epsilon).max() == json["privacy"]?["epsilon"]?.double)
    let page = report.html()
    #expect(page.contains("&lt;i&gt;ann") && !page.contains("<i>ann"))
    for site in federation.sites { #expect(page.contains("<td>\(site)</td>")) }
  }

  /// A run in the clear without promises says just that.
  @Test func nothingIsClaimedThatWasNotDone() throws {
    let federation = try LoopbackFederation(sites: 3) {
      $0.rounds = 1
      $0.aggregation.rule = .median
    }
    let result = try federation.simulate()
    let protection = try #require(result.json["protection"])
    #expect(protection["secure_aggregation"]?["mode"]?.string == "off")
    #expect(protection["differential_privacy"] == .null)
    #expect(protection["approvals"]?.array?.isEmpty == true)
    let page = RunReport(result, configuration: federation.run, title: "trial").html()
    #expect(page.contains("the coordinator saw every answer"))
    #expect(page.contains("nothing is promised about rows") && page.contains("weighted median"))
  }
}
