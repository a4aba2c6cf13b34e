import SwiftProtobuf
import Testing
import ZorBA
import ZorBAAudit
import ZorBAAuditIdentity
import ZorBADiagnostics
import ZorBAIdentity
import ZorBAJournal
import ZorBAOptimization
import ZorBASitePolicy
import ZorBAWire

@testable import ZorBACoordinator
@testable import ZorBASite

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What a site computes with is what its policy judged, whatever a coordinator says.
@Suite(.serialized, .timeLimit(.minutes(2))) struct AdmissionTests {
  /// A site keeps the journal of one run and is welcomed to another one, which is said to go on where the
  /// copy ends: the other one was judged, so it is followed.
  @Test func aCopyOfAnotherRunIsPutAside() async throws {
    let federation = try LoopbackFederation(sites: 1)
    try federation.begin(at: "kept.zorba")
    let judged = try federation.begin(at: "judged.zorba") { $0.batch.size = 4 }
    let kept = try contents(of: federation.folder.path("kept.zorba"))
    try federation.folder.write(kept, to: "ward-1/state/run.zorba")
    let coordinator = try await ScriptedCoordinator(
      federation, welcome: .to("trial", judged.header),
      journal: federation.folder.path("judged.zorba"))
    let agent = try await federation.agent(1, settings: ["snapshots: never"])
    let ready = try await coordinator.heard.first { message in
      if case .ready(let ready) = message.kind { ready } else { nil }
    }
    let copy = federation.journal(of: 1)
    #expect(try contents(of: copy) == contents(of: federation.folder.path("judged.zorba")))
    #expect(try contents(of: copy + ".1") == kept)
    #expect(Array(ready.journalChain) == (try JournalReader(path: copy).chain.bytes))
    #expect(agent.warnings.contains { $0.contains("another run's") })
    try await agent.end()
    try await coordinator.end()
  }

  /// Below the agent's loop as well: no weights and no rows meet a header that was not judged.
  @Test func nothingIsLoadedForAHeaderThatWasNotAdmitted() async throws {
    let federation = try LoopbackFederation(sites: 1)
    await federation.listens(at: 1)
    let kept = try federation.begin(at: "ward-1/state/run.zorba")
    let other = try federation.begin(at: "other.zorba") { $0.batch.size = 4 }
    let configuration = try await federation.configuration(1)
    let work = SiteWork(path: federation.journal(of: 1), loading: SiteLoading(configuration))
    work.join(run: "trial", number: 1, header: other.header.encoded)
    let error = #expect(throws: ZorBAError.self) { try work.catchUp() }
    #expect(error?.code == .invalidJournal)
    #expect(error?.message.contains("another run") == true)
    work.join(run: "trial", number: 1, header: kept.header.encoded)
    #expect(try work.catchUp() == 0)
  }

  /// The digest of a branch is what its approvers agreed to, not that of the journal it came from.
  @Test(arguments: [nil, .small] as [AdapterConfiguration?])
  func aBranchIsJudgedByWhatItIs(_ adapter: AdapterConfiguration?) async throws {
    let audited = try AuditedFederation(sites: 1, access: nil) { $0.adapter = adapter }
    let federation = audited.federation
    await federation.listens(at: 1)
    let source = try federation.begin(at: "source.zorba")
    // One row a round is a row's own scalar.
    let branch = try federation.begin(at: "branch-alone.zorba") { $0.batch.size = 1 }
    try federation.branch("source.zorba", into: branch)
    let log = federation.folder.path("ward-1/state/audit.jsonl")
    let trail = try AuditTrail(
      path: log,
      keeper: IdentityKeeper(IdentityFolder(federation.folder.path("ward-1/identity")).load()))
    func load(_ configuration: SiteConfiguration) throws -> SiteReplica {
      var loading = SiteLoading(configuration)
      loading.audit = trail
      return try loading.load(
        SiteJournal(path: federation.journal(of: 1)), run: "branch", number: 1,
        admitted: source.header.encoded, origin: .base)
    }
    let narrow = try await federation.pinning([source.specification])
    let refusal = #expect(throws: ZorBAError.self) { try load(narrow) }
    #expect(refusal?.code == .refused)
    #expect(refusal?.location.field == "runs.specifications")
    let wide = try await federation.pinning([source.specification, branch.specification])
    #expect(try load(wide).configuration.batch.size == 1)
    let judged = try audited.records(LogFiles(log)).map(\.entry).filter { $0.run == "branch" }
    #expect(judged.map(\.what) == [.policyRefused, .runOpened])
    #expect(judged.allSatisfy { $0.digest == branch.specification })
  }

  /// A run that went back is still itself, and needs no other digest.
  @Test func aRunThatWentBackIsTheSame() async throws {
    let federation = try LoopbackFederation(sites: 1)
    await federation.listens(at: 1)
    let source = try federation.begin(at: "source.zorba")
    try federation.branch("source.zorba", into: source)
    let configuration = try await federation.pinning([source.specification])
    let replica = try SiteLoading(configuration).load(
      SiteJournal(path: federation.journal(of: 1)), run: "trial", number: 1,
      admitted: source.header.encoded, origin: .base)
    #expect(replica.lastRound == 0)
  }

  @Test func aSiteThatNamesARunTakesPartInNoOther() async throws {
    let federation = try LoopbackFederation(sites: 1)
    let run = try federation.begin(at: "trial.zorba")
    let coordinator = try await ScriptedCoordinator(
      federation, welcome: .to("other", run.header), journal: federation.folder.path("trial.zorba"))
    let failure = try await federation.agent(1, settings: ["run: trial"]).failure
    #expect(failure?.code == .refused && failure?.location.field == "run")
    #expect(failure?.message.contains("'other'") == true)
    #expect(
      coordinator.heard.all.allSatisfy { if case .hello = $0.kind { true } else { false } })
    let agent = try await federation.agent(1, settings: ["run: other", "snapshots: never"])
    try await coordinator.heard.first { message in
      if case .ready = message.kind { true } else { nil }
    }
    try await agent.end()
    try await coordinator.end()
  }

  /// Epsilon is counted for the run that the header describes.
  @Test func whatARunTakesIsCountedByWhatItIs() async throws {
    let federation = try LoopbackFederation(sites: 1) {
      $0.differentialPrivacy = DifferentialPrivacyConfiguration(epsilon: 5)
    }
    await federation.listens(at: 1)
    let run = try federation.begin(at: "ward-1/state/run.zorba")
    let configuration = try await federation.configuration(1)
    let replica = try SiteLoading(configuration).load(
      SiteJournal(path: federation.journal(of: 1)), run: "trial", number: 1,
      admitted: run.header.encoded, origin: .base)
    _ = try replica.answer(round: 1, blocks: [1])
    #expect(try text(of: "\(configuration.state)/privacy.json").contains(run.specification))
  }

  /// So are the sums that a site helped to unmask.
  @Test func sumsAreRememberedByWhatARunIs() async throws {
    let federation = try LoopbackFederation(sites: 3) {
      $0.rounds = 1
      $0.secureAggregation.mode = .on
    }
    let coordinator = try await federation.coordinator()
    for agent in try await federation.agents() { _ = try await agent.outcome }
    let host = try await coordinator.coordinator.run(named: "trial")
    let known = try SecureSessionFile(folder: federation.folder.path("ward-1/state")).read()
    let name = LoopbackFederation.name
    let entry = try #require(known["\(name)/trial"])
    #expect(entry.signed != nil)
    #expect(known["\(name)/specification \(host.blueprint.specification)"] == entry)
    try await coordinator.end()
  }
}

extension LoopbackFederation {
  /// Begins the journal of a run, at a path in the federation's folder.
  @discardableResult
  func begin(
    at name: String, change: (inout RunConfiguration) -> Void = { _ in }
  ) throws -> RunBlueprint {
    var run = coordinated
    change(&run)
    let blueprint = try RunBlueprint(name: "trial", configuration: run, card: card())
    // Makes the folder.
    try folder.write("", to: name)
    try FileManager.default.removeItem(atPath: folder.path(name))
    _ = try JournalWriter.create(at: folder.path(name), header: blueprint.header)
    return blueprint
  }
}

extension LoopbackFederation {
  /// The first site, whose policy lets in runs of these digests only.
  func pinning(_ specifications: [String]) async throws -> SiteConfiguration {
    let list = specifications.map { "\"\($0)\"" }.joined(separator: ", ")
    return try await configuration(
      1, policy: ["runs": "{names: any, specifications: [\(list)]}"])
  }

  /// Gives the first site a copy of a journal that branched off another one before round 1.
  func branch(_ name: String, into run: RunBlueprint) throws {
    try folder.write("", to: "ward-1/state/folder")
    _ = try JournalWriter.branch(
      from: folder.path(name), at: 0, to: journal(of: 1),
      configuration: run.header.configuration)
  }
}

extension SiteLoading {
  /// As an agent of one thread loads.
  init(_ configuration: SiteConfiguration) {
    self.init(
      configuration: configuration, threads: 1, downloaded: "\(configuration.state)/model")
  }
}

extension Zorba_V1_Welcome {
  /// To a run that has not begun, whose journal a site's copy is said to agree with.
  static func to(_ run: String, _ header: JournalHeader) -> Zorba_V1_Welcome {
    .with {
      $0.run = run
      $0.protocol = ProtocolVersions.current.maximum
      $0.software = "test"
      $0.journalHeader = Data(header.encoded)
      $0.siteNumber = 1
      $0.heartbeatSeconds = 60
      $0.secureEpoch = 1
    }
  }
}
