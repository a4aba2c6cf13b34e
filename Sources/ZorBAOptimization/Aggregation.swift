import ZorBADiagnostics

/// One client's answer to a round.
package struct ClientResult: Hashable, Sendable {
  /// Counted from 1.
  package var client: UInt32
  /// p_k up to a common factor, positive.
  package var weight: Double
  /// The blocks that were active, ascending.
  package var blocks: [Int]
  /// c. [steps, directions]
  package var scalars: [Double]

  package init(client: UInt32, weight: Double, blocks: [Int], scalars: [Double]) {
    self.client = client
    self.weight = weight
    self.blocks = blocks
    self.scalars = scalars
  }
}

/// Turns the clients' scalars into the coefficients of a commit (algorithm, section 2).
///
/// For every block that somebody covered, with sums over the clients that had it active,
///
///     shared      C_b  = sum_k q_kb c_k,  q_kb = p_k / sum_j p_j     kappa = -(eta / P) C_b
///     perClient   C_kb = q_kb c_k                                    kappa = -(eta / P) C_kb
///
/// in binary64. Sums run in ascending client number, so the order of arrival changes no bit. Other
/// rules than the mean are in `AggregationRule`.
package struct Aggregation: Hashable, Sendable {
  package let round: UInt64
  package let seeding: SeedingMode
  package let learningRate: Double
  package let directions: Int
  package let steps: Int
  /// Decoupled weight decay lambda; covered blocks shrink by 1 - eta lambda.
  package let weightDecay: Double
  /// How answers are combined; the median and the trimmed mean are for shared directions.
  package var rule = AggregationRule.mean

  package init(
    round: UInt64, seeding: SeedingMode, learningRate: Double, directions: Int, steps: Int = 1,
    weightDecay: Double = 0
  ) {
    self.round = round
    self.seeding = seeding
    self.learningRate = learningRate
    self.directions = directions
    self.steps = steps
    self.weightDecay = weightDecay
  }

  /// The committed round that these answers make.
  ///
  /// - Throws: `ZorBAError` with code `invalidData` when an answer is malformed or comes twice, or
  ///   when there is none; with code `diverged` when a scalar is not finite or a coefficient leaves
  ///   the range of binary32.
  package func commit(_ results: [ClientResult]) throws -> CommittedRound {
    var results = results.sorted { $0.client < $1.client }
    try validate(results)
    for index in results.indices { results[index].scalars = rule.limited(results[index].scalars) }
    return try CommittedRound(
      number: round, learningRate: learningRate, directions: directions, steps: steps,
      decay: Float(1 - learningRate * weightDecay), participants: results.map(\.client),
      coefficients: coefficients(results))
  }

  /// Sums of weights by block, in ascending client number.
  private func totals(_ results: [ClientResult]) -> [Int: Double] {
    var totals: [Int: Double] = [:]
    for result in results {
      for block in result.blocks { totals[block, default: 0] += result.weight }
    }
    return totals
  }

  private func coefficients(_ results: [ClientResult]) throws -> CommittedRound.Coefficients {
    let totals = totals(results)
    switch (seeding, rule) {
    case (.shared, .median), (.shared, .trimmedMean):
      return .shared(try robust(results))
    case (.shared, _):
      var sums: [Int: [Double]] = [:]
      for result in results {
        for block in result.blocks {
          let share = result.weight / (totals[block] ?? result.weight)
          var sum = sums[block] ?? [Double](repeating: 0, count: result.scalars.count)
          for index in sum.indices { sum[index] += share * result.scalars[index] }
          sums[block] = sum
        }
      }
      return .shared(try sums.keys.sorted().map { try rounded($0, sums[$0] ?? []) })
    case (.perClient, .median), (.perClient, .trimmedMean):
      throw ZorBAError(
        .invalidConfiguration,
        "scalars along different directions have no median", at: .init(field: "aggregation.rule"))
    case (.perClient, _):
      return .perClient(
        try results.map { result in
          CommittedRound.ClientCoefficients(
            client: result.client,
            blocks: try result.blocks.map { block in
              let share = result.weight / (totals[block] ?? result.weight)
              return try rounded(block, result.scalars.map { share * $0 })
            })
        })
    }
  }

  /// The blocks that somebody covered, ascending, by a rule that looks at all answers at once.
  private func robust(_ results: [ClientResult]) throws -> [CommittedRound.BlockCoefficients] {
    var answers: [Int: [(weight: Double, scalars: [Double])]] = [:]
    for result in results {
      for block in result.blocks {
        answers[block, default: []].append((result.weight, result.scalars))
      }
    }
    return try answers.sorted { $0.key < $1.key }.map { block, answers in
      try rounded(block, rule.coefficients(answers, width: steps * directions))
    }
  }

  func rounded(
    _ block: Int, _ scalars: [Double]
  ) throws -> CommittedRound.BlockCoefficients {
    let values = scalars.map {
      CommittedRound.coefficient(
        learningRate: learningRate, directions: directions, scalar: $0)
    }
    if let index = values.firstIndex(where: { !$0.isFinite }) {
      throw ZorBAError(
        .diverged,
        "round \(round), block \(block): scalar \(scalars[index]) gives no binary32 coefficient",
        advice: "Lower the learning rate.")
    }
    return CommittedRound.BlockCoefficients(block: block, values: values)
  }
}

// MARK: - Checks

extension Aggregation {
  func validate(_ results: [ClientResult]) throws {
    guard !results.isEmpty else { throw fault("no client answered", field: "participants") }
    for (index, result) in results.enumerated() {
      if index > 0, results[index - 1].client == result.client {
        throw fault("client \(result.client) answered twice", field: "participants")
      }
      try validate(result)
    }
  }

  private func validate(_ result: ClientResult) throws {
    guard result.client > 0 else {
      throw fault("clients are numbered from 1", field: "client")
    }
    guard result.weight > 0, result.weight.isFinite else {
      throw fault("client \(result.client) has the weight \(result.weight)", field: "weight")
    }
    let ascending = zip(result.blocks, result.blocks.dropFirst()).allSatisfy { $0 < $1 }
    let limits = 0..<CommittedRound.blockLimit
    guard !result.blocks.isEmpty, ascending, result.blocks.allSatisfy(limits.contains) else {
      throw fault(
        "client \(result.client) names no ascending list of blocks", field: "blocks")
    }
    let (expected, overflow) = steps.multipliedReportingOverflow(by: directions)
    guard !overflow, result.scalars.count == expected else {
      throw fault(
        "client \(result.client) sent \(result.scalars.count) scalars, not \(steps) x \(directions)",
        field: "scalars")
    }
    if let scalar = result.scalars.first(where: { !$0.isFinite }) {
      throw ZorBAError(
        .diverged, "round \(round): client \(result.client) sent the scalar \(scalar)",
        at: .init(field: "scalars"))
    }
  }

  private func fault(_ message: String, field: String) -> ZorBAError {
    ZorBAError(.invalidData, "round \(round): \(message)", at: .init(field: field))
  }
}
