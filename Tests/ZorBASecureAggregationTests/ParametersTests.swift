import Foundation
import Testing
import ZorBADiagnostics
import ZorBATestSupport

@testable import ZorBASecureAggregation

@Suite struct ParametersTests {
  private struct Reference: Decodable {
    struct Choice: Decodable {
      var members: Int
      var adversary: Double
      var dropout: Double
      var minimum: Int
      var chosen: Chosen?
    }
    struct Chosen: Decodable {
      var colluders: Int
      var dropouts: Int
      var minimumSurvivors: Int
      var degree: Int
      var threshold: Int
    }
    struct Tail: Decodable {
      var population: Int
      var marked: Int
      var draws: Int
      var at: Int
      var upper: Double?
      var lower: Double?
    }
    var choices: [Choice]
    var tails: [Tail]
  }

  @Test func agreesWithExactArithmetic() throws {
    let reference = try Golden.read("parameters", as: Reference.self)
    #expect(reference.choices.count > 300)
    for choice in reference.choices {
      let ours = try? SecureAggregationParameters.choose(
        members: choice.members, adversaryShare: choice.adversary, dropoutShare: choice.dropout,
        minimum: choice.minimum)
      #expect(ours?.degree == choice.chosen?.degree, "\(choice)")
      #expect(ours?.threshold == choice.chosen?.threshold, "\(choice)")
      #expect(ours?.minimumSurvivors == choice.chosen?.minimumSurvivors, "\(choice)")
      #expect(ours?.colluders == choice.chosen?.colluders, "\(choice)")
      #expect(ours?.dropouts == choice.chosen?.dropouts, "\(choice)")
    }
  }

  @Test func tailsAgreeWithExactArithmetic() throws {
    for tail in try Golden.read("parameters", as: Reference.self).tails {
      let ours = Hypergeometric(population: tail.population)
      let upper = ours.upperTail(marked: tail.marked, draws: tail.draws, least: tail.at)
      let lower = ours.lowerTail(marked: tail.marked, draws: tail.draws, most: tail.at)
      for (value, expected) in [(upper, tail.upper), (lower, tail.lower)] {
        if let expected {
          #expect(abs(value - expected) < 1e-8 * max(1, abs(expected)), "\(tail)")
        } else {
          #expect(value == -.infinity, "\(tail)")
        }
      }
    }
  }

  /// What must hold of any choice, whatever the formula.
  @Test func everyChoiceIsConsistent() throws {
    var generator = SeededGenerator(seed: 4)
    var made = 0
    for _ in 0..<400 {
      let members = Int.random(in: 3...400, using: &generator)
      let minimum = Int.random(in: 3...max(3, members / 4), using: &generator)
      guard
        let chosen = try? SecureAggregationParameters.choose(
          members: members, adversaryShare: Double.random(in: 0..<0.45, using: &generator),
          dropoutShare: Double.random(in: 0..<0.3, using: &generator), minimum: minimum)
      else { continue }
      made += 1
      #expect(chosen.minimumSurvivors >= minimum)
      #expect(2 * chosen.minimumSurvivors > members + chosen.colluders)
      #expect(chosen.minimumSurvivors <= members - chosen.dropouts)
      #expect(chosen.threshold >= 2 && chosen.threshold <= chosen.degree)
      #expect(chosen.degree <= SecureAggregationParameters.largestDegree)
      if chosen.isComplete {
        #expect(chosen.threshold > chosen.colluders)
      } else {
        #expect(members > SecureAggregationParameters.largestCompleteGroup)
        #expect(chosen.degree % 2 == 0)
      }
    }
    #expect(made > 200)
  }

  @Test(arguments: [
    (2, 0.0, 0.0, 3, "group of 2"), (5, 0.5, 0.0, 3, "0.5"), (5, 0.0, -0.1, 3, "-0.1"),
    (5, 0.0, Double.nan, 3, "nan"), (5, 0.0, 0.0, 2, "too small"),
    (10, 0.45, 0.45, 3, "must survive"), (1_000_000, 0.1, 0.1, 3, "larger than"),
    (2000, 0.49, 0.25, 3, "no degree"), (5000, 0.33, 0.33, 3, "no degree"),
  ])
  func refusesByName(
    members: Int, adversary: Double, dropout: Double, minimum: Int, words: String
  ) {
    let error = #expect(throws: ZorBAError.self) {
      try SecureAggregationParameters.choose(
        members: members, adversaryShare: adversary, dropoutShare: dropout, minimum: minimum)
    }
    #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    #expect(error?.advice != nil)
  }

  /// The claims themselves, at a scale where they can fail often enough to be counted.
  @Test func drawnGraphsStarveAsOftenAsTheTailSays() throws {
    let members = 60
    let session = try SecureSession(
      federation: "f", run: "r", header: [], round: 0, attempt: 0,
      members: Array(0..<members), vectorLength: 1,
      parameters: SecureAggregationParameters(
        members: members, colluders: 6, dropouts: 24, degree: 20, threshold: 9,
        minimumSurvivors: 34, minimum: 3))
    var starved = 0
    let trials = 4000
    let dropped = MemberSet((0..<members).map { $0 >= 24 })
    for trial in 0..<trials {
      let graph = try NeighbourGraph(session: session, roster: trial.labelled)
      // Member 40 survives; the graph is random, so which ones drop out need not be.
      if graph.degrees(within: dropped)[40] < 9 { starved += 1 }
    }
    let log = Hypergeometric(population: members - 1)
      .lowerTail(marked: members - 1 - 24, draws: 20, most: 8)
    let expected = Double(trials) * exp2(log)
    // Five standard deviations of a binomial.
    #expect(expected > 50)
    #expect(abs(Double(starved) - expected) < 5 * expected.squareRoot())
  }
}
