import Testing
import ZorBATestSupport

@testable import ZorBASecureAggregation

@Suite struct NeighbourGraphTests {
  private func graph(members: Int, degree: Int, roster: [UInt8]) throws -> NeighbourGraph {
    let session = try SecureSession(
      federation: "f", run: "r", header: [], round: 0, attempt: 0, members: Array(0..<members),
      vectorLength: 1,
      parameters: SecureAggregationParameters(
        members: members, colluders: 0, dropouts: 0, degree: degree, threshold: 2,
        minimumSurvivors: 3, minimum: 3))
    return try NeighbourGraph(session: session, roster: roster)
  }

  @Test(arguments: [(3, 2), (8, 7), (9, 4), (33, 14), (40, 38), (100, 74), (301, 254), (255, 254)])
  func isRegularSymmetricAndHasDistinctPoints(members: Int, degree: Int) throws {
    var generator = SeededGenerator(seed: UInt64(members))
    let graph = try graph(members: members, degree: degree, roster: [1])
    let subset = MemberSet((0..<members).map { _ in Bool.random(using: &generator) })
    let degrees = graph.degrees(within: subset)
    for position in 0..<members {
      let neighbours = graph.neighbours(of: position)
      #expect(neighbours.count == degree)
      #expect(neighbours == neighbours.sorted())
      #expect(!neighbours.contains(position))
      #expect(degrees[position] == neighbours.count { subset[$0] })
      let points = Set(neighbours.map { graph.point(of: $0, for: position) })
      #expect(points.count == degree)
      #expect(!points.contains(0))
      let adjacent = Set(neighbours)
      let wrong = (0..<members).filter {
        graph.areNeighbours(position, $0) != adjacent.contains($0)
          || graph.areNeighbours(position, $0) != graph.areNeighbours($0, position)
      }
      #expect(wrong.isEmpty)
    }
  }

  /// Every pair is adjacent equally often; a chi-square over the pairs of one member.
  @Test func neighboursAreDrawnEvenly() throws {
    let (members, degree, draws) = (41, 10, 4000)
    var counts = [Int](repeating: 0, count: members)
    for draw in 0..<draws {
      for other in try graph(members: members, degree: degree, roster: draw.labelled)
        .neighbours(of: 17)
      {
        counts[other] += 1
      }
    }
    let expected = Double(draws * degree) / Double(members - 1)
    let statistic = counts.enumerated().filter { $0.offset != 17 }.reduce(0.0) {
      $0 + (Double($1.element) - expected) * (Double($1.element) - expected) / expected
    }
    // 39 degrees of freedom, scaled by 3/4 as draws within a graph exclude each other; the 1 - 1e-6
    // quantile of chi-square is 95.
    #expect(statistic < 95)
    #expect(statistic > 5)
  }

  @Test func dependsOnTheRosterAndTheSession() throws {
    let one = try graph(members: 60, degree: 10, roster: [1]).neighbours(of: 0)
    let two = try graph(members: 60, degree: 10, roster: [2]).neighbours(of: 0)
    #expect(one != two)
    #expect(try one == graph(members: 60, degree: 10, roster: [1]).neighbours(of: 0))
  }
}
