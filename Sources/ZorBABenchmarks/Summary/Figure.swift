/// What is reported of every cell and averaged over seeds.
package enum Figure: String, Sendable, CaseIterable {
  case accuracyBefore = "accuracy_before"
  case accuracy
  case macroF1 = "macro_f1"
  case loss
  case ownAccuracy = "own_accuracy"
  case worstSite = "worst_site"
  case accuracyAtEqualRounds = "accuracy_at_equal_rounds"
  case accuracyAtEqualSeconds = "accuracy_at_equal_seconds"
  case rounds
  case bytesPerClientRound = "bytes_per_client_per_round"
  case publishedBytes = "published_bytes_per_client_per_round"
  case bytesTotal = "bytes_total"
  case peakBytes = "peak_bytes"
  case processPeakBytes = "process_peak_bytes"
  case trainedParameters = "trained_parameters"
  case forwardPasses = "forward_passes"
  case seconds
  case wallSeconds = "wall_seconds"
  case processorSeconds = "processor_seconds"
  case joules
  case grams = "co2e_grams"
}

extension CellMeasurement {
  /// A figure of the cell; nil where it has none.
  ///
  /// - Parameter budget: At how many rounds and seconds methods are compared.
  func value(of figure: Figure, energy: EnergyAssumptions, budget: EqualBudget?) -> Double? {
    switch figure {
    case .accuracyBefore: accuracyBefore
    case .accuracy: accuracy
    case .macroF1: macroF1
    case .loss: loss
    case .ownAccuracy: ownAccuracy
    case .worstSite: worstSite?.figure
    case .accuracyAtEqualRounds: budget.flatMap { accuracy(atRound: $0.rounds) }
    case .accuracyAtEqualSeconds: budget.flatMap { accuracy(atSecond: $0.seconds) }
    case .rounds: Double(rounds)
    case .bytesPerClientRound: traffic?.perClientRound
    case .publishedBytes: traffic.map { $0.publishedPerClientRound ?? $0.perClientRound }
    case .bytesTotal: traffic.map { Double($0.up) + Double($0.down) }
    case .peakBytes: Double(peakBytes)
    case .processPeakBytes: Double(usage.peakBytes)
    case .trainedParameters: Double(trainedParameters)
    case .forwardPasses: Double(forwardPasses)
    case .seconds: seconds
    case .wallSeconds: usage.wallSeconds
    case .processorSeconds: usage.cpuSeconds
    case .joules: energy.joules(of: usage)
    case .grams: energy.grams(joules: energy.joules(of: usage))
    }
  }
}

extension EnergyAssumptions {
  /// What was counted, else what the processor seconds would have taken at the stated power.
  package func joules(of usage: ProcessUsage) -> Double {
    usage.joules ?? usage.cpuSeconds * wattsPerCore
  }

  /// Grams of CO2-equivalent.
  package func grams(joules: Double) -> Double { joules / 3.6e6 * gramsPerKilowattHour }
}
