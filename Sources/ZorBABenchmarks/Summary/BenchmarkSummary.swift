/// A suite's cells, averaged over seeds and put beside each other.
package struct BenchmarkSummary: Sendable, Equatable {
  package var suite: BenchmarkSuite
  package var comparisons: [Comparison]
  package var failures: [CellOutcome]
  /// Cells that have not run.
  package var missing: Int

  /// What can be compared: one task at one skew.
  package struct Comparison: Sendable, Equatable {
    package var task: String
    package var title: String
    package var alpha: Double?
    package var rows: [Row]
    /// Where the methods of a regime are compared at equal rounds and seconds.
    package var budgets: [Regime: EqualBudget]
  }

  /// A method in a regime.
  package struct Row: Sendable, Equatable {
    package var method: String
    package var title: String
    package var regime: Regime
    /// Seeds that were measured.
    package var seeds: Int
    /// Cells that failed.
    package var failed: Int
    package var figures: [Figure: Estimate]
    /// Means over seeds.
    package var curve: [CurvePoint]
    /// What each site gets, means over seeds.
    package var sites: [CellMeasurement.Site]
    /// Whether energy was counted by the processor at every seed.
    package var isEnergyMeasured: Bool
    /// Runs that went on at the same time at most.
    package var jobs: Int
  }

  /// - Parameters:
  ///   - outcomes: How cells ended; those that have not run are left out.
  ///   - planned: All cells of the suite.
  package init(_ suite: BenchmarkSuite, outcomes: [CellOutcome], planned: [BenchmarkCell]) {
    self.suite = suite
    failures = outcomes.filter { $0.failure != nil }
    missing = planned.count - outcomes.count
    comparisons = suite.tasks.flatMap { task -> [Comparison] in
      let cells = planned.filter { $0.task == task.name }
      var alphas: [Double?] = []
      for cell in cells where cell.regime != .centralised && !alphas.contains(cell.alpha) {
        alphas.append(cell.alpha)
      }
      if alphas.isEmpty { alphas = [nil] }
      return alphas.map { alpha in
        Comparison(suite, task: task, alpha: alpha, outcomes: outcomes)
      }
    }
  }
}

extension BenchmarkSummary.Comparison {
  fileprivate init(
    _ suite: BenchmarkSuite, task: SuiteTask, alpha: Double?, outcomes: [CellOutcome]
  ) {
    self.task = task.name
    self.title = task.title
    self.alpha = alpha
    let mine = outcomes.filter {
      $0.cell.task == task.name && ($0.cell.regime == .centralised || $0.cell.alpha == alpha)
    }
    var budgets: [Regime: EqualBudget] = [:]
    var rows: [BenchmarkSummary.Row] = []
    for regime in suite.regimes {
      let byMethod = suite.methods.map { method in
        (method, mine.filter { $0.cell.regime == regime && $0.cell.method == method.name })
      }.filter { !$0.1.isEmpty }
      budgets[regime] = EqualBudget(byMethod.map { $0.1.compactMap(\.measurement) })
      rows += byMethod.map { method, outcomes in
        BenchmarkSummary.Row(
          suite, method: method, regime: regime, outcomes: outcomes, budget: budgets[regime])
      }
    }
    self.budgets = budgets
    self.rows = rows
  }
}

extension BenchmarkSummary.Row {
  fileprivate init(
    _ suite: BenchmarkSuite, method: SuiteMethod, regime: Regime, outcomes: [CellOutcome],
    budget: EqualBudget?
  ) {
    let measured = outcomes.sorted { $0.cell.seed < $1.cell.seed }.compactMap(\.measurement)
    self.method = method.name
    title = method.title
    self.regime = regime
    seeds = measured.count
    failed = outcomes.count - measured.count
    figures = [:]
    for figure in Figure.allCases {
      let values = measured.compactMap {
        $0.value(of: figure, energy: suite.energy, budget: budget)
      }
      // A mean over some of the seeds would be compared with one over all.
      guard values.count == measured.count else { continue }
      figures[figure] = Estimate(values, confidence: suite.confidence)
    }
    curve = Self.mean(of: measured.map(\.curve))
    sites = Self.mean(of: measured.map(\.sites))
    isEnergyMeasured = !measured.isEmpty && measured.allSatisfy { $0.usage.joules != nil }
    jobs = measured.map(\.jobs).max() ?? 1
  }

  /// The mean at the rounds that all seeds evaluated.
  private static func mean(of curves: [[CurvePoint]]) -> [CurvePoint] {
    guard let first = curves.first else { return [] }
    return first.compactMap { point in
      let points = curves.compactMap { $0.first { $0.round == point.round } }
      guard points.count == curves.count else { return nil }
      let count = Double(points.count)
      let accuracies = points.compactMap(\.accuracy)
      return CurvePoint(
        round: point.round, seconds: points.reduce(0) { $0 + $1.seconds } / count,
        accuracy: accuracies.count == points.count ? accuracies.reduce(0, +) / count : nil,
        loss: points.reduce(0) { $0 + $1.loss } / count)
    }
  }

  private static func mean(of seeds: [[CellMeasurement.Site]]) -> [CellMeasurement.Site] {
    func mean(_ values: [Double?]) -> Double? {
      let known = values.compactMap { $0 }
      return known.isEmpty || known.count != seeds.count
        ? nil : known.reduce(0, +) / Double(known.count)
    }
    return (seeds.first ?? []).map { site in
      let same = seeds.compactMap { $0.first { $0.name == site.name } }
      return .init(
        name: site.name, accuracy: mean(same.map(\.accuracy)), own: mean(same.map(\.own)))
    }
  }
}
