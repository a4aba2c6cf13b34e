/// An interval that covers the true value in 95 % of experiments.
package struct ConfidenceInterval: Sendable, Equatable {
  package var lower: Double
  package var upper: Double

  package init(lower: Double, upper: Double) {
    self.lower = lower
    self.upper = upper
  }

  package func contains(_ value: Double) -> Bool { lower <= value && value <= upper }

  /// Whether some value lies in both.
  package func overlaps(_ other: ConfidenceInterval) -> Bool {
    lower <= other.upper && other.lower <= upper
  }

  /// Half the width.
  package var halfWidth: Double { (upper - lower) / 2 }
}

/// A number measured with noise: unbiased, so it may be negative where the truth cannot be.
package struct Estimated: Sendable, Equatable {
  package var value: Double
  package var interval: ConfidenceInterval

  package init(value: Double, interval: ConfidenceInterval) {
    self.value = value
    self.interval = interval
  }
}

/// How certain the numbers of a `BlockSensitivity` are. Bounds are those of the raw estimates and
/// may be negative; an entry is nil where nothing was measured.
package struct SensitivityIntervals: Sendable, Equatable {
  /// Of G_b. [blocks]
  package var gradientEnergy: [ConfidenceInterval?]
  /// Of zeta_b^2. [blocks]
  package var clientSpread: [ConfidenceInterval?]
  /// Of the mean over clients of sigma_kb^2. [blocks]
  package var sampleNoise: [ConfidenceInterval?]

  package init(
    gradientEnergy: [ConfidenceInterval?], clientSpread: [ConfidenceInterval?],
    sampleNoise: [ConfidenceInterval?]
  ) {
    self.gradientEnergy = gradientEnergy
    self.clientSpread = clientSpread
    self.sampleNoise = sampleNoise
  }
}
