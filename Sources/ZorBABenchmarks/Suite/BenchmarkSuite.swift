/// What a suite file says: which methods are compared, in which regimes, on which tasks.
package struct BenchmarkSuite: Sendable, Equatable {
  /// What the suite is called in reports.
  package var name: String
  /// A sentence on what it compares.
  package var summary = ""
  package var regimes = Regime.allCases
  package var methods: [SuiteMethod] = []
  package var tasks: [SuiteTask] = []
  /// Dirichlet concentrations, one comparison each; empty leaves every task its own partition.
  package var alphas: [Double] = []
  package var seeds: [UInt64] = [1]
  /// The confidence of the intervals over seeds.
  package var confidence = 0.95
  package var energy = EnergyAssumptions()
  /// What a cell may take of memory, to decide how many run at once; nil goes by the model's size.
  package var cellMiB: Int?
  /// Whether the centralised minibatch holds as many rows as those of all asked sites together.
  package var poolsBatches = true
  /// Whether cells keep their journals, from which the fine-tuned models can be exported.
  package var keepsJournals = false
  /// The folder of cells and results.
  package var out: String
}

/// A method of a suite: a preset, and what the suite changes in it.
package struct SuiteMethod: Sendable, Equatable {
  /// What the suite calls it: part of a cell's id.
  package var name: String
  /// What reports call it.
  package var title: String
  package var preset: MethodPreset
  package var regimes: [Regime]
  /// What the suite changes in the preset.
  package var changes = RunFragment()
}

/// A task of a suite: model, data, what is asked, and how long.
package struct SuiteTask: Sendable, Equatable {
  /// What the suite calls it: part of a cell's id.
  package var name: String
  /// What reports call it.
  package var title: String
  /// Everything a run file says that is the same for all methods.
  package var run: RunFragment
  /// What is different for a method, by its name in the suite.
  package var changes: [String: RunFragment] = [:]
}

/// What energy is reckoned from where the processor does not tell, and what a kilowatt-hour emits.
package struct EnergyAssumptions: Sendable, Equatable {
  /// Power of one busy core, in watts: measured energy is preferred where there is any.
  package var wattsPerCore = 10.0
  /// Grams of CO2-equivalent of a kilowatt-hour.
  package var gramsPerKilowattHour = 436.0
  /// Where that factor comes from.
  package var source = "world average of 2022, Ember, Global Electricity Review 2023"

  package init() {}
}
