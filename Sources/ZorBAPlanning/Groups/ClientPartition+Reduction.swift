import ZorBAFederation

/// Groups as clients of their own, and back.
extension ClientPartition {
  /// What groups are called.
  func names(_ names: [String]) -> [String] {
    groups.map { group in
      let shown = group.prefix(3).map { names.indices.contains($0) ? names[$0] : "\($0 + 1)" }
      return shown.joined(separator: "+") + (group.count > 3 ? "+\(group.count - 3)" : "")
    }
  }

  /// Groups that a block must have so that it has so many clients, whichever groups they are.
  func coverage(_ minimumClients: Int) -> Int {
    let smallest = max(1, groups.map(\.count).min() ?? 1)
    return min(groups.count, (minimumClients + smallest - 1) / smallest)
  }

  /// The plan with every group's row at each of its members.
  func expand(_ plan: ActivationPlan) throws -> ActivationPlan {
    let clients = groups.reduce(0) { $0 + $1.count }
    let cycle = try plan.cycle.map { matrix in
      var rows = [[Bool]](repeating: [], count: clients)
      for (group, row) in zip(groups, matrix.rows) {
        for client in group { rows[client] = row }
      }
      return try ActivationMatrix(rows: rows, mayRest: true)
    }
    return ActivationPlan(cycle: cycle, window: plan.window, firstRound: plan.firstRound)
  }

  /// The problem with a client for every group.
  ///
  /// A plan that fits it fits all members: with B the least budget of a group, its fixed bytes are
  /// B + max_k (fixed_k - budget_k) and a block takes what it takes the neediest member. Weights add
  /// up; of a mean of n clients' gradients the spread is an n-th (n the mean size of a group) and the
  /// noise sum_k (p_k / p_g)^2 sigma_k^2. Bytes count once a member, seconds are those of the slowest.
  func reduced(_ problem: PlanningProblem) -> PlanningProblem {
    let model = problem.convergence
    let known = model.sensitivity
    let clients = Double(model.clientCount)
    let count = Double(groups.count)
    let weights = groups.map { $0.reduce(0) { $0 + model.weights[$1] } }
    let spread = model.unbiasedSpread.map { spread in
      // zeta_g^2 = zu_g^2 (G - 1) / G with zu_g^2 = zu^2 G / K.
      spread * (count / clients) * (count - 1) / count
    }
    let noise = zip(groups, weights).map { group, weight in
      known.sampleNoise[group[0]].indices.map { block in
        group.reduce(0) { sum, client in
          let share = weight > 0 ? model.weights[client] / weight : 1 / Double(group.count)
          return sum + share * share * known.sampleNoise[client][block]
        }
      }
    }
    var reduced = problem
    reduced.convergence = ConvergenceModel(
      sensitivity: BlockSensitivity(
        gradientEnergy: known.gradientEnergy, clientSpread: spread, sampleNoise: noise),
      parameters: model.parameters, weights: weights, varianceWeight: model.varianceWeight,
      directions: Int(model.directions), seeding: model.seeding,
      excessKurtosis: model.excessKurtosis, countsMinibatchNoise: model.countsMinibatchNoise)
    reduced.budgets = groups.map { group in
      Double(group.count) * (group.map { problem.budgets[$0] }.min() ?? 0)
    }
    reduced.sites = groups.map { Self.neediest($0, of: problem) }
    reduced.minimumClients = coverage(problem.minimumClients)
    reduced.required = demands(problem.required)
    reduced.forbidden = demands(problem.forbidden)
    reduced.names = names(model.weights.indices.map(problem.name))
    return reduced
  }

  private func demands(_ demands: [Int: Set<Int>]) -> [Int: Set<Int>] {
    var result: [Int: Set<Int>] = [:]
    for (index, group) in groups.enumerated() {
      let blocks = group.reduce(into: Set<Int>()) { $0.formUnion(demands[$1] ?? []) }
      if !blocks.isEmpty { result[index] = blocks }
    }
    return result
  }

  private static func neediest(_ group: [Int], of problem: PlanningProblem) -> SiteCosts {
    let sites = group.map { problem.sites[$0] }
    let members = Double(group.count)
    func most(_ values: (SiteCosts) -> [Double]) -> [Double] {
      let all = sites.map(values)
      return (all.first ?? []).indices.map { block in all.map { $0[block] }.max() ?? 0 }
    }
    let budgets = group.map { problem.budgets[$0] }
    let least = budgets.min() ?? 0
    let fixed =
      least.isFinite
      ? least + (zip(sites, budgets).map { $0.fixedBytes - $1 }.max() ?? 0)
      : sites.map(\.fixedBytes).max() ?? 0
    return SiteCosts(
      fixedBytes: members * max(0, fixed),
      residentBytes: most(\.residentBytes).map { $0 * members },
      fixedSeconds: sites.map(\.fixedSeconds).max() ?? 0, prefixSeconds: most(\.prefixSeconds),
      suffixSeconds: most(\.suffixSeconds), activeSeconds: most(\.activeSeconds))
  }
}
