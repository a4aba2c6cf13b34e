package import ZorBAPlanning

/// Sensitivities as a probe measured them or a file gives them, and what they cost.
package struct MeasuredSensitivity: Sendable, Equatable {
  /// Names, in the order of the rows of the sample noise. [clients]
  package var clients: [String]
  /// The numbers to plan with; none is negative.
  package var estimate: BlockSensitivity
  /// How certain they are.
  package var intervals: SensitivityIntervals
  /// Directions a block.
  package var directions: Int
  /// Seconds the measurement took.
  package var seconds: Double
  /// Training rounds of all clients and blocks that cost as much.
  package var roundsEquivalent: Double

  package init(
    clients: [String], estimate: BlockSensitivity, intervals: SensitivityIntervals,
    directions: Int, seconds: Double, roundsEquivalent: Double
  ) {
    self.clients = clients
    self.estimate = estimate
    self.intervals = intervals
    self.directions = directions
    self.seconds = seconds
    self.roundsEquivalent = roundsEquivalent
  }
}
