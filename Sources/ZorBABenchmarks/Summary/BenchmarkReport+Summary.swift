package import ZorBAReport

extension BenchmarkReport {
  /// What a summary says, for people.
  package init(_ summary: BenchmarkSummary) {
    let suite = summary.suite
    self.init(
      title: "Benchmark: \(suite.name)", summary: suite.summary, confidence: suite.confidence,
      methods: suite.methods.map { .init($0.title, $0.preset.summary) },
      comparisons: summary.comparisons.map(Comparison.init),
      notes: Self.notes(of: summary),
      failures: summary.failures.map {
        .init($0.cell.id, $0.failure ?? "")
      })
  }

  private static func notes(of summary: BenchmarkSummary) -> [RunReport.Note] {
    let energy = summary.suite.energy
    let rows = summary.comparisons.flatMap(\.rows)
    var notes: [RunReport.Note] = []
    if summary.missing > 0 {
      notes.append(.init(.warning, "\(summary.missing) cells have not run."))
    }
    if !summary.failures.isEmpty {
      notes.append(.init(.warning, "\(summary.failures.count) cells failed; see the end."))
    }
    if rows.contains(where: { $0.jobs > 1 }) {
      notes.append(
        .init(
          .warning,
          "Cells ran beside each other: their seconds are longer than they would be alone."))
    }
    if rows.contains(where: { !$0.isEnergyMeasured }) {
      notes.append(
        .init(
          .remark,
          "Energy is an estimate where the processor does not count it: processor seconds times "
            + "\(energy.wattsPerCore) W."))
    }
    notes.append(
      .init(
        .remark,
        "CO2e is energy times \(energy.gramsPerKilowattHour) g/kWh (\(energy.source))."))
    notes.append(
      .init(
        .remark,
        "All sites of a cell are computed on this machine, one after the other: seconds, passes and "
          + "energy are sums over sites, seconds without evaluations; memory is that of the largest "
          + "process."))
    return notes
  }
}

extension BenchmarkReport.Comparison {
  fileprivate init(_ comparison: BenchmarkSummary.Comparison) {
    let skew = comparison.alpha.map { ", Dirichlet \($0)" } ?? ""
    self.init(
      title: comparison.title + skew, rows: comparison.rows.map(BenchmarkReport.Row.init),
      budgets: Regime.allCases.compactMap { regime in
        comparison.budgets[regime].map {
          .init(regime: regime.rawValue, rounds: $0.rounds, seconds: $0.seconds)
        }
      })
  }
}

extension BenchmarkReport.Row {
  fileprivate init(_ row: BenchmarkSummary.Row) {
    func interval(_ figure: Figure) -> BenchmarkReport.Interval? {
      row.figures[figure].map {
        .init(mean: $0.mean, halfWidth: $0.halfWidth, count: $0.count)
      }
    }
    func mean(_ figure: Figure) -> Double? { row.figures[figure]?.mean }
    self.init(method: row.title, regime: row.regime.rawValue)
    seeds = row.seeds
    failed = row.failed
    accuracyBefore = mean(.accuracyBefore)
    accuracy = interval(.accuracy)
    macroF1 = interval(.macroF1)
    loss = interval(.loss)
    ownAccuracy = interval(.ownAccuracy)
    worstSite = interval(.worstSite)
    atEqualRounds = interval(.accuracyAtEqualRounds)
    atEqualSeconds = interval(.accuracyAtEqualSeconds)
    rounds = mean(.rounds)
    bytesPerClientRound = mean(.bytesPerClientRound)
    publishedBytes = mean(.publishedBytes)
    peakBytes = mean(.processPeakBytes)
    trainedParameters = mean(.trainedParameters)
    forwardPasses = mean(.forwardPasses)
    seconds = interval(.seconds)
    joules = mean(.joules)
    grams = mean(.grams)
    isEnergyMeasured = row.isEnergyMeasured
    curve = row.curve.map { .init(round: $0.round, seconds: $0.seconds, accuracy: $0.accuracy) }
    sites = row.sites.compactMap { site in site.figure.map { .init(name: site.name, accuracy: $0) }
    }
  }
}
