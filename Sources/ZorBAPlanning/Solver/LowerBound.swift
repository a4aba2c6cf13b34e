/// Lower bounds on what any plan of a search space can reach.
struct LowerBound: Sendable {
  let space: SearchSpace
  /// Steps of the relaxation.
  let steps: Int

  /// Shares of the quadratic overlap that stay quadratic (`PairFeatures`); the best one is found by trial.
  private static let alphas = [1.0, 0.65, 0.35, 0.1, 0]
  /// Columns are merged to fewer than this.
  private static let maximumColumns = 1 << 14

  /// No plan within the limits has an objective below this; infinite when none can exist.
  func value(_ goal: SearchGoal) -> Double {
    guard let classes = ClientClasses(space, maximumColumns: Self.maximumColumns) else {
      return CoarseBound(space).value(goal)
    }
    switch goal.objective {
    case .gamma: return gamma(goal, classes)
    case .memory: return memory(goal, classes)
    }
  }

  /// The share alpha that gives the best bound on Gamma.
  func alpha(_ classes: ClientClasses) -> Double {
    guard space.model.seeding == .shared else { return 1 }
    let values = Self.alphas.map {
      Relaxation(space, classes: classes, alpha: $0).optimised(steps: min(60, steps)).value
    }
    let best = values.indices.max { values[$0] < values[$1] } ?? 0
    return Self.alphas[best]
  }

  private func gamma(_ goal: SearchGoal, _ classes: ClientClasses) -> Double {
    let alpha = alpha(classes)
    var best = Relaxation(space, classes: classes, alpha: alpha).optimised(steps: steps)
    guard best.value.isFinite, goal.memoryLimit.isFinite else { return best.value }
    let room = goal.memoryLimit - space.fixedBytes
    for factor in [0.1, 0.3, 1, 3, 10] {
      let price = factor * max(best.value, .leastNormalMagnitude) / max(room, 1e-300)
      let weighed = Relaxation(
        space, classes: classes, weighting: .init(gamma: 1, memory: price), alpha: alpha
      ).optimised(steps: steps / 2)
      if weighed.value - price * room > best.value {
        best = (weighed.value - price * room, weighed.at)
      }
    }
    return best.value
  }

  private func memory(_ goal: SearchGoal, _ classes: ClientClasses) -> Double {
    var best = space.fixedBytes + leastBytes
    guard goal.gammaLimit.isFinite else { return best }
    let active = max(leastBytes, 1e-300)
    // The price of Gamma: the bound is concave in it, so a coarse scale and a finer one around its best.
    func bound(_ factor: Double, alpha: Double) -> Double {
      let price = factor * active / max(goal.gammaLimit, .leastNormalMagnitude)
      let weighed = Relaxation(
        space, classes: classes, weighting: .init(gamma: price, memory: 1), alpha: alpha
      ).optimised(steps: steps)
      return space.fixedBytes + weighed.value - price * goal.gammaLimit
    }
    for alpha in space.model.seeding == .shared ? Self.alphas : [1] {
      let coarse = [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64].map {
        (factor: $0, value: bound($0, alpha: alpha))
      }
      guard let top = coarse.max(by: { $0.value < $1.value }) else { continue }
      best = max(best, top.value)
      for factor in [0.6, 0.77, 1.3, 1.7] {
        best = max(best, bound(top.factor * factor, alpha: alpha))
      }
    }
    return best
  }

  /// Bytes of the coverage that every block must have.
  private var leastBytes: Double {
    guard !space.allowsResting else { return 0 }
    return (0..<space.unitCount).reduce(0) { sum, unit in
      sum
        + (0..<space.clientCount).filter { space.isAllowed[$0][unit] }
        .map { space.resident[$0][unit] }.sorted().prefix(space.minimumClients).reduce(0, +)
    }
  }
}
