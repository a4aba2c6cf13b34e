import Testing
import ZorBADiagnostics
import ZorBAJSON

@testable import ZorBAData

private func isPartition(_ shares: [[Int]], of count: Int) -> Bool {
  shares.flatMap { $0 }.sorted() == Array(0..<count)
}

@Suite struct PartitionTests {
  /// Sizes, clients, labels and seeds at random: each example once, nobody empty, repeatable.
  @Test func everyPlanIsAPartition() throws {
    var random = RandomGenerator(seed: 5)
    for round in 0..<400 {
      let count = 1 + random.below(200)
      let clients = 1 + random.below(min(count, 24))
      let labels: [Int?] = (0..<count).map { _ in
        let label = random.below(8)
        return label == 7 && round % 2 == 0 ? nil : label
      }
      let seed = random.next()
      var plans: [PartitionPlan] = [.uniform]
      if labels.contains(where: { $0 != nil }) {
        plans += [1e-6, 0.05, 1, 1e9].map { .dirichlet(alpha: $0) }
      }
      for plan in plans {
        let shares = try plan.assign(labels: labels, clients: clients, seed: seed)
        #expect(shares.count == clients && isPartition(shares, of: count))
        #expect(shares.allSatisfy { !$0.isEmpty && $0 == $0.sorted() })
        #expect(try plan.assign(labels: labels, clients: clients, seed: seed) == shares)
      }
    }
  }

  @Test func uniformSharesAreEqualAndMixed() throws {
    let labels = (0..<103).map { Optional($0 % 2) }
    let shares = try PartitionPlan.uniform.assign(labels: labels, clients: 10, seed: 1)
    #expect(shares.map(\.count) == [11, 11, 11] + [Int](repeating: 10, count: 7))
    #expect(shares[0] != Array(0..<11))
    #expect(try PartitionPlan.uniform.assign(labels: labels, clients: 10, seed: 2) != shares)
  }

  @Test func runningTextStaysTogether() throws {
    let labels = [Int?](repeating: nil, count: 10)
    let shares = try PartitionPlan.uniform.assign(labels: labels, clients: 3, seed: 9)
    #expect(shares == [[0, 1, 2, 3], [4, 5, 6], [7, 8, 9]])
    let error = failure {
      _ = try PartitionPlan.dirichlet(alpha: 1).assign(labels: labels, clients: 3, seed: 9)
    }
    #expect(error.code == .invalidConfiguration && error.message.contains("needs labels"))
  }

  /// The mean share of a client is 1/K; its spread shrinks with alpha as the theory says.
  ///
  /// Var share = (1/K)(1 - 1/K)/(K alpha + 1). With N = 6000 draws of the first share the mean lies
  /// within 5 standard errors, and the sample variance within 15 % (its relative standard error is
  /// at most about sqrt(kurtosis/N), below 4 % for these alphas).
  @Test(arguments: [0.1, 0.5, 1.0, 10.0])
  func sharesHaveTheMomentsOfTheDistribution(alpha: Double) {
    let clients = 5
    let draws = 6000
    var random = RandomGenerator(seed: 11, alpha.bitPattern)
    let shares = (0..<draws).map { _ in random.dirichlet(alpha: alpha, count: clients) }
    #expect(shares.allSatisfy { abs($0.reduce(0, +) - 1) < 1e-12 && $0.allSatisfy { $0 >= 0 } })
    let expected = 1 / Double(clients)
    let variance = expected * (1 - expected) / (Double(clients) * alpha + 1)
    for client in 0..<clients {
      let mean = shares.reduce(0) { $0 + $1[client] } / Double(draws)
      #expect(abs(mean - expected) < 5 * (variance / Double(draws)).squareRoot())
      let spread = shares.reduce(0) { $0 + ($1[client] - mean) * ($1[client] - mean) }
      #expect(abs(spread / Double(draws) / variance - 1) < 0.15)
    }
  }

  /// Mean over 40 seeds of the largest label share within a client: grows as alpha falls.
  @Test func smallerAlphaSkewsMore() throws {
    let labels = (0..<600).map { Optional($0 % 4) }
    func skew(_ alpha: Double) throws -> Double {
      var total = 0.0
      for seed in 0..<40 as Range<UInt64> {
        for share in try PartitionPlan.dirichlet(alpha: alpha)
          .assign(labels: labels, clients: 6, seed: seed)
        {
          let counts = (0..<4).map { label in share.count { $0 % 4 == label } }
          total += Double(counts.max() ?? 0) / Double(share.count)
        }
      }
      return total / 240
    }
    let skews = try [0.05, 0.5, 5, 5000].map(skew)
    #expect(skews[0] > 0.8 && skews[3] < 0.3)
    #expect(zip(skews, skews.dropFirst()).allSatisfy { $0 > $1 + 0.05 })
  }

  @Test func emptyClientsAreFilledFromTheLargest() throws {
    // At this concentration every label goes to one client, so most start empty.
    let labels = (0..<40).map { Optional($0 % 2) }
    let shares = try PartitionPlan.dirichlet(alpha: 1e-6)
      .assign(labels: labels, clients: 10, seed: 3)
    #expect(isPartition(shares, of: 40))
    #expect(shares.count { $0.count == 1 } >= 8)
    // As many clients as examples leaves exactly one each.
    let single = try PartitionPlan.dirichlet(alpha: 0.1)
      .assign(labels: labels, clients: 40, seed: 3)
    #expect(single.allSatisfy { $0.count == 1 })
  }

  @Test func sitesBecomeClients() throws {
    let sites = ["b", "a", "b", "c", "a", "b"]
    let labels = [Int?](repeating: 0, count: 6)
    let shares = try PartitionPlan.bySite.assign(
      labels: labels, sites: sites, clients: 3, seed: 0)
    #expect(shares == [[1, 4], [0, 2, 5], [3]])
    #expect(PartitionPlan.siteNames(sites) == ["a", "b", "c"])
    let wrong = failure {
      _ = try PartitionPlan.bySite.assign(labels: labels, sites: sites, clients: 2, seed: 0)
    }
    #expect(wrong.advice == "Set federation.clients to 3.")
    let none = failure {
      _ = try PartitionPlan.bySite.assign(
        labels: labels, sites: [String?](repeating: nil, count: 6), clients: 1, seed: 0)
    }
    #expect(none.location.field == "federation.partition.column")
  }

  @Test func impossiblePlansAreExplained() {
    let labels: [Int?] = [0, 1]
    let plans: [(PartitionPlan, Int, String)] = [
      (.uniform, 3, "cannot share 2 examples"), (.uniform, 0, "0 clients"),
      (.dirichlet(alpha: 0), 2, "alpha"), (.dirichlet(alpha: .nan), 2, "alpha"),
      (.dirichlet(alpha: -1), 2, "alpha"), (.files(counts: [2]), 2, "1 client files"),
      (.files(counts: [2, 0]), 2, "file 2 has no"),
    ]
    for (plan, clients, message) in plans {
      let error = failure { _ = try plan.assign(labels: labels, clients: clients, seed: 0) }
      #expect(error.code == .invalidConfiguration && error.message.contains(message))
    }
  }

  @Test func tableCountsClientsByLabels() throws {
    let examples = [0, 1, 1, 0, 1].map {
      EncodedExample(context: [1], continuations: [[2], [3]], answer: $0, line: 1)
    }
    let data = Dataset(examples: examples, labels: ["neg", "pos"])
    let summary = PartitionSummary([[0, 1, 2], [3, 4]], of: data, clients: ["north", "s"])
    #expect(summary.counts == [[1, 2], [1, 1]])
    #expect(
      summary.table == """
        client  neg  pos  all
        north     1    2    3
        s         1    1    2

        """)
    #expect(summary.json.array?[0]["labels"]?["pos"] == 2)
  }
}

@Suite struct MinibatchSamplerTests {
  @Test func everyEpochCoversEveryExampleOnce() {
    var random = RandomGenerator(seed: 21)
    for _ in 0..<150 {
      let count = 1 + random.below(120)
      let size = 1 + random.below(40)
      let steps = 1 + random.below(4)
      let sampler = MinibatchSampler(
        exampleCount: count, batchSize: size, stepsPerRound: steps, seed: random.next())
      #expect(sampler.batchesPerEpoch == (count + size - 1) / size)
      var epochs: [[Int]] = []
      for epoch in 0..<3 {
        let batches = (0..<sampler.batchesPerEpoch).map {
          let index = epoch * sampler.batchesPerEpoch + $0
          return sampler.batch(round: index / steps, step: index % steps)
        }
        #expect(batches.flatMap { $0 }.sorted() == Array(0..<count))
        let sizes = batches.map(\.count)
        #expect((sizes.max() ?? 0) <= size && (sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
        epochs.append(batches.flatMap { $0 })
      }
      if count > 20 { #expect(epochs[0] != epochs[1] && epochs[1] != epochs[2]) }
    }
  }

  @Test func batchesNeedNoHistory() {
    let sampler = MinibatchSampler(exampleCount: 50, batchSize: 8, stepsPerRound: 3, seed: 4)
    let forward = (0..<30).map { round in (0..<3).map { sampler.batch(round: round, step: $0) } }
    let restarted = MinibatchSampler(exampleCount: 50, batchSize: 8, stepsPerRound: 3, seed: 4)
    for round in (0..<30).reversed() {
      #expect(restarted.batch(round: round, step: 1) == forward[round][1])
    }
    let other = MinibatchSampler(exampleCount: 50, batchSize: 8, stepsPerRound: 3, seed: 5)
    #expect(other.batch(round: 0) != forward[0][0])
  }

  @Test func largeBatchesAreTheWholeData() {
    let sampler = MinibatchSampler(exampleCount: 5, batchSize: 16, seed: 1)
    for round in 0..<4 { #expect(sampler.batch(round: round).sorted() == [0, 1, 2, 3, 4]) }
  }

  /// First positions over many epochs are uniform: chi-square with 9 degrees of freedom stays
  /// below 33.7 with probability 0.9999.
  @Test func orderIsUniform() {
    let sampler = MinibatchSampler(exampleCount: 10, batchSize: 1, seed: 77)
    var counts = [Double](repeating: 0, count: 10)
    for epoch in 0..<5000 { counts[sampler.batch(round: epoch * 10)[0]] += 1 }
    let chi = counts.reduce(0) { $0 + ($1 - 500) * ($1 - 500) / 500 }
    #expect(chi < 33.7)
  }
}
