import Testing
import ZorBAFederation
import ZorBAJSON

@testable import ZorBAPlanning

@Suite("A plan as JSON")
struct PlanDocumentTests {
  private func outcome(cycle: [[[Bool]]]) throws -> PlanningOutcome {
    let plan = ActivationPlan(cycle: try cycle.map { try ActivationMatrix(rows: $0) }, window: 5)
    return PlanningOutcome(
      plan: plan, convergence: .init(bias: [1, 2], variance: [3, 2]),
      stages: [
        .init(stage: .convergence, value: 7, lowerBound: 6, isProvenOptimal: false),
        .init(stage: .memory, value: 30, lowerBound: 30, isProvenOptimal: true),
      ], memory: [10, 20], seconds: [4, 2])
  }

  private let first = [[true, false], [true, true]]
  private let second = [[true, true], [false, true]]

  @Test("of one matrix carries Gamma of this plan, and Gamma* in the first stage")
  func fixed() throws {
    let document = PlanDocument(try outcome(cycle: [first]), seconds: 0.5).json
    #expect(document["matrix"] == [[1, 0], [1, 1]] && document["cycle"] == nil)
    let convergence = try #require(document["convergence"])
    #expect(convergence["value"] == 8.0 && convergence["bias"] == 3.0)
    #expect(convergence["variance"] == 5.0 && convergence["lower_bound"] == 6.0)
    #expect(convergence["gap"] == 0.25)
    #expect(document["memory_bytes"] == [10.0, 20.0] && document["time"] == [4.0, 2.0])
    #expect(document["proven_optimal"] == false && document["seconds"] == 0.5)
    let stages = try #require(document["stages"]?.array)
    #expect(stages.count == 2 && stages[0]["value"] == 7.0 && stages[1]["gap"] == 0.0)
    #expect(stages.map { $0["proven_optimal"] } == [false, true])
    #expect(document["blocks"]?["coverage"] == [2.0, 1.0])
    #expect(document["blocks"]?["bias"] == [1.0, 2.0] && document["front"] == nil)
  }

  @Test("of a cycle lists its matrices and the window")
  func rotating() throws {
    let document = PlanDocument(try outcome(cycle: [first, second])).json
    #expect(document["matrix"] == nil && document["window"] == 5)
    #expect(document["cycle"] == [[[1, 0], [1, 1]], [[1, 1], [0, 1]]])
    #expect(document["blocks"]?["coverage"] == [1.5, 1.5])
  }

  @Test("lists the front in short, with plans that a run can take")
  func front() throws {
    let outcome = try outcome(cycle: [first])
    let point = Planner.FrontPoint(epsilon: 0.1, outcome: outcome)
    let document = PlanDocument(outcome, front: [point]).json
    let entry = try #require(document["front"]?.array?.first)
    #expect(entry["epsilon"] == 0.1 && entry["convergence"] == 8.0 && entry["gap"] == 0.25)
    #expect(entry["memory_bytes"] == 30.0 && entry["time"] == 4.0)
    #expect(entry["matrix"] == [[1, 0], [1, 1]])
  }

  @Test("has no bound where convergence was not the first stage", arguments: [true, false])
  func unbounded(isLater: Bool) throws {
    var outcome = try outcome(cycle: [first])
    let stage = outcome.stages.removeFirst()
    if isLater { outcome.stages.append(stage) }
    let document = PlanDocument(outcome).json
    #expect(document["convergence"]?["lower_bound"]?.isNull == true)
    #expect(try JSONParser.parse(document.serialized.utf8) == document)
  }
}
