/// What ordinary rounds said of the blocks.
package struct RoundEstimate: Sendable, Equatable {
  /// The best fit with no negative number. What the rounds do not determine is as near to the prior's
  /// proportions as the sums that they do determine allow.
  package var sensitivity: BlockSensitivity
  /// The prior, in the unit of the data.
  package var prior: BlockSensitivity
  /// G_b, unbiased and possibly negative; nil where the rounds do not determine it. [blocks]
  package var gradientEnergy: [Estimated?]
  /// zeta_b^2, likewise; never determined under `perClient` seeding. [blocks]
  package var clientSpread: [Estimated?]
  /// The mean over clients of |grad_b f_k|^2 (G_b + zeta_b^2 for uniform weights), which rounds of
  /// either seeding determine. [blocks]
  package var clientEnergy: [Estimated?]
  /// The mean over clients of sigma_kb^2, likewise. [blocks]
  package var sampleNoise: [Estimated?]
  /// Rounds behind the estimate.
  package var rounds: Int

  package var intervals: SensitivityIntervals {
    SensitivityIntervals(
      gradientEnergy: gradientEnergy.map { $0?.interval },
      clientSpread: clientSpread.map { $0?.interval },
      sampleNoise: sampleNoise.map { $0?.interval })
  }

  /// Blocks of which something is not determined, ascending.
  package var undeterminedBlocks: [Int] {
    gradientEnergy.indices.filter {
      gradientEnergy[$0] == nil || clientSpread[$0] == nil || sampleNoise[$0] == nil
    }
  }

  /// The measurement and the prior, each weighing by its certainty: what to plan with while rounds
  /// are few. Not unbiased, but never far from the prior without evidence; it tends to the measurement.
  ///
  /// - Parameter relativeUncertainty: The prior's standard error over its value. 1 means that it is
  ///   right within a factor of two or so.
  package func tempered(relativeUncertainty: Double = 1) -> BlockSensitivity {
    func blend(_ measured: [Estimated?], _ prior: [Double]) -> [Double] {
      zip(measured, prior).map { measured, prior in
        guard let measured else { return prior }
        // Half a 95 % interval is two standard errors.
        let error = measured.interval.halfWidth / 2
        let doubt = relativeUncertainty * prior
        guard error > 0 || doubt > 0 else { return max(0, measured.value) }
        let share = doubt * doubt / (doubt * doubt + error * error)
        return max(0, share * measured.value + (1 - share) * prior)
      }
    }
    let clients = sensitivity.clientCount
    let means = { (values: BlockSensitivity) in
      values.gradientEnergy.indices.map { block in
        values.sampleNoise.reduce(0) { $0 + $1[block] } / Double(clients)
      }
    }
    let noise = blend(sampleNoise, means(prior))
    let fitted = means(prior)
    return BlockSensitivity(
      gradientEnergy: blend(gradientEnergy, prior.gradientEnergy),
      clientSpread: blend(clientSpread, prior.clientSpread),
      sampleNoise: prior.sampleNoise.map { row in
        // The clients' factors stay.
        row.indices.map { fitted[$0] > 0 ? row[$0] * noise[$0] / fitted[$0] : 0 }
      })
  }

  /// The first blocks alone.
  package func prefix(_ count: Int) -> RoundEstimate {
    func cut(_ values: BlockSensitivity) -> BlockSensitivity {
      BlockSensitivity(
        gradientEnergy: Array(values.gradientEnergy.prefix(count)),
        clientSpread: Array(values.clientSpread.prefix(count)),
        sampleNoise: values.sampleNoise.map { Array($0.prefix(count)) })
    }
    return RoundEstimate(
      sensitivity: cut(sensitivity), prior: cut(prior),
      gradientEnergy: Array(gradientEnergy.prefix(count)),
      clientSpread: Array(clientSpread.prefix(count)),
      clientEnergy: Array(clientEnergy.prefix(count)),
      sampleNoise: Array(sampleNoise.prefix(count)), rounds: rounds)
  }
}
