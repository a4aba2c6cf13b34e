import Testing
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJSON
import ZorBAJournal
import ZorBAOptimization
import ZorBAPlanning
import ZorBATensor
import ZorBATestSupport

@testable import ZorBA

/// A card says of a model what a coordinator must know, and nothing else is needed for a plan.
@Suite struct ModelCardTests {
  private static func card(_ run: SiteRun) throws -> ModelCard {
    try ModelCard(
      ofCheckpoint: run.configuration.model, precision: run.configuration.precision,
      context: ComputeContext(threads: 1))
  }

  @Test(arguments: [WeightPrecision.asCheckpoint, .float32, .bfloat16])
  func theHeaderIsThatOfASimulation(_ precision: WeightPrecision) throws {
    let run = try SiteRun(TinyCheckpoint(family: .opt)) { $0.precision = precision }
    let card = try Self.card(run)
    let prepared = try run.run.prepared()
    #expect(try card.journalHeader(of: run.configuration) == prepared.journalHeader)
    #expect(card.layerCount == 3 && card.name == "model")
    let path = run.run.folder.path("card.json")
    try card.write(to: path)
    #expect(try ModelCard(path: path) == card)
    let shape = card.planShape(
      of: prepared.clients.map { SiteProfile($0) })
    #expect(shape.parameters == prepared.drawing.shape.parameters)
    #expect(shape.blockBytes == prepared.drawing.shape.blockBytes)
    #expect(shape.outerBytes == prepared.drawing.shape.outerBytes)
    var other = run.configuration
    other.precision = precision == .float32 ? .bfloat16 : .float32
    let wrong = other
    #expect(
      #expect(throws: ZorBAError.self) { try card.journalHeader(of: wrong) }?.location.field
        == "precision.weights")
  }

  @Test func damagedCardsGiveErrors() throws {
    let text = Array(try Self.card(SiteRun()).json.serialized.utf8)
    #expect(throws: Never.self) { try ModelCard(parsing: text) }
    var mutator = Mutator(seed: 50)
    var refused = 0
    for _ in 0..<4000 {
      do {
        let card = try ModelCard(parsing: mutator.mutate(text))
        #expect(card.layerCount == 3 && card.parameters.count == 4)
      } catch let error as ZorBAError {
        #expect(error.code == .invalidModel)
        refused += 1
      }
    }
    #expect(refused > 2000)
  }

  @Test func shapesBeyondMemoryAreRefused() throws {
    let card = try Self.card(SiteRun())
    for shape in [[1 << 40, 1 << 40], [Int.max], [0]] {
      let tensor = ModelFingerprint.TensorEntry(name: "w", dtype: .float32, shape: shape)
      let error = #expect(throws: ZorBAError.self) {
        try ModelCard(
          name: "m", precision: .asCheckpoint,
          model: .init(family: "opt", blocks: [[tensor], [tensor], [tensor], [tensor]]),
          base: card.base)
      }
      #expect(error?.code == .invalidModel)
    }
  }

  @Test func networkedRunsHaveNoProbes() throws {
    let run = try SiteRun { $0.blocks.sensitivity = .probe }
    let error = #expect(throws: ZorBAError.self) {
      try SiteEstimates(run.configuration, card: Self.card(run), sites: [], costs: [])
    }
    #expect(error?.location.field == "blocks.sensitivity" && error?.advice != nil)
  }

  /// Plans for some of the sites take each one's own value from lists with a value a site.
  @Test func plansForSomeOfTheSites() throws {
    let run = try SiteRun(sites: 4) {
      $0.blocks.plan = .lexicographic
      $0.blocks.active = [0.34, 1, 0.67, 1]
      $0.blocks.required = ["ward-1": [2], "ward-3": [1]]
    }
    let card = try Self.card(run)
    let members = [1, 2]
    let profiles = members.map { SiteProfile(name: "ward-\($0 + 1)", examples: 5, weight: 5) }
    let header = try card.journalHeader(of: run.configuration)
    let costs = try members.map { try run.replica($0 + 1, of: header).costs() }
    let estimates = try SiteEstimates(
      run.configuration, card: card, sites: profiles, costs: costs
    ).estimates
    func drawing(_ members: [Int]?) -> PlanDrawing {
      PlanDrawing(
        run.configuration, shape: card.planShape(of: profiles), runKey: RunKey(seed: 1),
        estimates: estimates, members: members)
    }
    let plan = try drawing(members).outcome().plan
    #expect(plan.clientCount == 2)
    #expect(plan.cycle.allSatisfy { $0.activeBlocks(of: 1).count <= 2 })
    #expect(plan.cycle.allSatisfy { $0.isResting(1) || $0.rows[1][0] })
    #expect(throws: ZorBAError.self) { try drawing(nil).outcome() }
    let spread = try plan.spread(over: members, clients: 4)
    #expect(spread.clientCount == 4 && spread.cycle.allSatisfy { $0.isResting(0) })
  }
}
