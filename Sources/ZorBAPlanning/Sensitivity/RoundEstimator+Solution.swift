extension RoundEstimator {
  /// What the rounds so far say; nil before the first.
  package func estimate() -> RoundEstimate? {
    guard roundCount > 0 else { return nil }
    var total = MomentSums(blocks: blockCount)
    for group in groups { total.add(group) }
    let priors = scaledPriors(total)
    let energy = equations(total)
    let leftOut = groups.allSatisfy { $0.rounds > 0 } ? groups.map { without($0, total) } : []
    let energies = jackknife(
      energy, leftOut.map(equations), prior: priors.energy, combinations: energyCombinations)
    let noises = jackknife(
      total.noise, leftOut.map(\.noise), prior: priors.noise,
      combinations: (0..<blockCount).map { [(parameter: $0, coefficient: 1)] })
    let positive = energy.nonNegativeSolution(prior: priors.energy)
    let noise = total.noise.nonNegativeSolution(prior: priors.noise)
    let factors = clientFactors(noise: noise)
    let blocks = 0..<blockCount
    // A single client has nobody to differ from.
    let none = Estimated(value: 0, interval: ConfidenceInterval(lower: 0, upper: 0))
    return RoundEstimate(
      sensitivity: BlockSensitivity(
        gradientEnergy: blocks.map { positive[$0] },
        clientSpread: blocks.map { positive[blockCount + $0] },
        sampleNoise: factors.map { factor in noise.map { factor * $0 } }),
      prior: BlockSensitivity(
        gradientEnergy: blocks.map { priors.energy[$0] },
        clientSpread: blocks.map { priors.energy[blockCount + $0] },
        sampleNoise: factors.map { factor in priors.noise.map { factor * $0 } }),
      gradientEnergy: blocks.map { energies[$0] },
      clientSpread: blocks.map { clientCount > 1 ? energies[blockCount + $0] : none },
      clientEnergy: blocks.map { energies[2 * blockCount + $0] },
      sampleNoise: noises, rounds: roundCount)
  }

  private func without(_ group: MomentSums, _ total: MomentSums) -> MomentSums {
    var rest = total
    rest.add(group, sign: -1)
    return rest
  }

  /// What zeta_b^2 adds to a product of two clients' scalars, and to a client's own square.
  private var spreadCoefficients: (pair: Double, own: Double) {
    guard clientCount > 1 else { return (0, 0) }
    let squares = weights.reduce(0) { $0 + $1 * $1 }
    let unit = 1 / (1 - 2 / Double(clientCount) + squares)
    return (-squares * unit, (1 - squares) * unit)
  }

  /// Equations for G_1 … G_B, zeta_1^2 … zeta_B^2.
  private func equations(_ sums: MomentSums) -> NormalEquations {
    let (pair, own) = spreadCoefficients
    let size = 2 * blockCount
    var gram = [Double](repeating: 0, count: size * size)
    var moment = [Double](repeating: 0, count: size)
    for row in 0..<blockCount {
      moment[row] = sums.pair.moment[row] + sums.own.moment[row]
      moment[blockCount + row] = pair * sums.pair.moment[row] + own * sums.own.moment[row]
      for column in 0..<blockCount {
        let between = sums.pair.gram[row * blockCount + column]
        let within = sums.own.gram[row * blockCount + column]
        let mixed = pair * between + own * within
        gram[row * size + column] = between + within
        gram[row * size + blockCount + column] = mixed
        gram[(blockCount + row) * size + column] = mixed
        gram[(blockCount + row) * size + blockCount + column] =
          pair * pair * between + own * own * within
      }
    }
    return NormalEquations(gram: gram, moment: moment)
  }

  /// G_b, zeta_b^2, and the mean over clients of |grad_b f_k|^2, as sums of parameters.
  private var energyCombinations: [[(parameter: Int, coefficient: Double)]] {
    let own = spreadCoefficients.own
    return (0..<2 * blockCount).map { [($0, 1)] }
      + (0..<blockCount).map { [($0, 1), (blockCount + $0, own)] }
  }

  /// The prior in the unit of the data, one factor for gradients and one for noise.
  private func scaledPriors(_ total: MomentSums) -> (energy: [Double], noise: [Double]) {
    let clients = Double(clientCount)
    let noise = (0..<blockCount).map { block in
      prior.sampleNoise.reduce(0) { $0 + $1[block] } / clients
    }
    let spread = clientCount > 1 ? prior.clientSpread : prior.clientSpread.map { _ in 0 }
    let energy = prior.gradientEnergy + spread
    let noiseScale = total.noise.scale(of: noise).flatMap { $0 > 0 ? $0 : nil }
    // Noise can hide the gradient to the point of a negative scale; then its own unit must do.
    let energyScale =
      equations(total).scale(of: energy).flatMap { $0 > 0 ? $0 : nil } ?? noiseScale ?? 1
    return (energy.map { energyScale * $0 }, noise.map { (noiseScale ?? energyScale) * $0 })
  }

  /// Sums of parameters with intervals from leaving out one group of rounds at a time; nil where the
  /// rounds do not determine them, or would not without some group.
  ///
  /// Rounds are independent, so the spread of the replicates holds whatever correlates the
  /// products inside a round; Student's t with groups - 1 degrees gives the interval.
  private func jackknife(
    _ whole: NormalEquations, _ replicates: [NormalEquations], prior: [Double],
    combinations: [[(parameter: Int, coefficient: Double)]]
  ) -> [Estimated?] {
    guard !replicates.isEmpty else { return combinations.map { _ in nil } }
    let augmented = replicates.map { Identifiability($0, of: combinations) }
    let values = Self.values(combinations, whole.solution(prior: prior))
    let others = replicates.map { Self.values(combinations, $0.solution(prior: prior)) }
    let count = Double(replicates.count)
    return combinations.indices.map { index in
      guard augmented.allSatisfy({ $0.isDetermined[index] }) else { return nil }
      let mean = others.reduce(0) { $0 + $1[index] } / count
      let squares = others.reduce(0) { $0 + ($1[index] - mean) * ($1[index] - mean) }
      let half = Self.studentQuantile * ((count - 1) / count * squares).squareRoot()
      return Estimated(
        value: values[index],
        interval: ConfidenceInterval(lower: values[index] - half, upper: values[index] + half))
    }
  }

  private static func values(
    _ combinations: [[(parameter: Int, coefficient: Double)]], _ solution: [Double]
  ) -> [Double] {
    combinations.map { $0.reduce(0) { $0 + $1.coefficient * solution[$1.parameter] } }
  }

  /// The 0.975 quantile of Student's t with `groupCount` - 1 = 22 degrees of freedom.
  private static let studentQuantile = 2.0738730679040147
}
