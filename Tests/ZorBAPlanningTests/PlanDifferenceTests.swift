import Testing
import ZorBAFederation
import ZorBAPlanning
import ZorBATestSupport

@Suite struct PlanDifferenceTests {
  private func file(_ names: [String]?, _ cycle: [[[Int]]], window: Int = 1) throws -> PlanFile {
    PlanFile(
      clients: names,
      plan: ActivationPlan(
        cycle: try cycle.map {
          try ActivationMatrix(rows: $0.map { $0.map { $0 == 1 } }, mayRest: true)
        }, window: window))
  }

  @Test func aPlanDoesNotDifferFromItself() throws {
    var random = SeededGenerator(seed: 61)
    for _ in 0..<100 {
      let file = try PlanFileTests.sample(clients: 4, blocks: 5, using: &random)
      let difference = PlanDifference(from: file, to: file)
      #expect(difference.isEmpty && difference.text == "the plans are the same\n")
    }
  }

  @Test func whatChangesIsSaid() throws {
    var old = try file(["a", "b", "c"], [[[1, 1, 0, 0], [0, 0, 1, 1], [1, 1, 1, 1]]])
    var new = try file(
      ["b", "a", "d"],
      [
        [[0, 0, 1, 1], [0, 1, 1, 1], [1, 0, 0, 0]], [[0, 0, 1, 0], [0, 1, 1, 1], [1, 0, 0, 0]],
      ],
      window: 5)
    old.memoryBytes = [0x1p21, 1, 1]
    new.memoryBytes = [1, 0x1.8p21, 1]
    old.convergence = ConvergenceTerms(bias: [2], variance: [0])
    new.convergence = ConvergenceTerms(bias: [1], variance: [0.5])
    let difference = PlanDifference(from: old, to: new)
    #expect(difference.joined == ["d"] && difference.left == ["c"])
    #expect(difference.sites.map(\.client) == ["b", "a"])
    #expect(difference.sites[0].shares == [4: .init(before: 1, after: 0.5)])
    #expect(difference.sites[1].gained == [3, 4] && difference.sites[1].lost == [1])
    #expect(
      difference.text == """
        Gamma 2 -> 1.5
        cycle 1 -> 2 matrices
        window 1 -> 5 rounds
        d: joins
        c: leaves
        b: block 4 100 % -> 50 % of rounds
        a: gains 3-4; loses 1; memory 2 -> 3 MiB

        """)
  }

  /// Applied to the first plan's shares, the difference gives the second's.
  @Test func theDifferenceIsComplete() throws {
    var random = SeededGenerator(seed: 62)
    for _ in 0..<200 {
      let old = try PlanFileTests.sample(clients: 3, blocks: 6, using: &random)
      let new = try PlanFileTests.sample(clients: 3, blocks: 6, using: &random)
      let difference = PlanDifference(from: old, to: new)
      var shares = old.plan.activeShare
      for site in difference.sites {
        let place = try #require(new.clients?.firstIndex(of: site.client))
        let target = new.plan.activeShare[place]
        for block in site.lost {
          #expect(shares[place][block - 1] > 0)
          shares[place][block - 1] = 0
        }
        for block in site.gained {
          #expect(shares[place][block - 1] == 0)
          shares[place][block - 1] = target[block - 1]
        }
        for (block, change) in site.shares {
          #expect(shares[place][block - 1] == change.before)
          shares[place][block - 1] = change.after
        }
      }
      #expect(shares == new.plan.activeShare)
    }
  }
}
