/// Everything that a report of a benchmark says, as plain values: methods beside each other, task by
/// task.
///
/// Page and text are pure functions of this value: equal reports give equal bytes.
package struct BenchmarkReport: Equatable, Sendable {
  package var title: String
  /// A sentence under the heading.
  package var summary: String
  /// The confidence of the intervals over seeds.
  package var confidence: Double
  /// What each method is.
  package var methods: [RunReport.Fact]
  package var comparisons: [Comparison]
  package var notes: [RunReport.Note]
  /// Cells that failed, and what they said.
  package var failures: [RunReport.Fact]

  package init(
    title: String, summary: String, confidence: Double, methods: [RunReport.Fact],
    comparisons: [Comparison], notes: [RunReport.Note] = [], failures: [RunReport.Fact] = []
  ) {
    self.title = title
    self.summary = summary
    self.confidence = confidence
    self.methods = methods
    self.comparisons = comparisons
    self.notes = notes
    self.failures = failures
  }
}

extension BenchmarkReport {
  /// One task at one skew of its data.
  package struct Comparison: Equatable, Sendable {
    package var title: String
    package var rows: [Row]
    package var budgets: [Budget]

    package init(title: String, rows: [Row], budgets: [Budget]) {
      self.title = title
      self.rows = rows
      self.budgets = budgets
    }
  }

  /// At what the methods of a regime are compared.
  package struct Budget: Equatable, Sendable {
    package var regime: String
    package var rounds: Int
    package var seconds: Double

    package init(regime: String, rounds: Int, seconds: Double) {
      self.regime = regime
      self.rounds = rounds
      self.seconds = seconds
    }
  }

  /// A mean over seeds with its confidence interval; none for a single seed.
  package struct Interval: Equatable, Sendable {
    package var mean: Double
    package var halfWidth: Double?
    package var count: Int

    package init(mean: Double, halfWidth: Double?, count: Int) {
      self.mean = mean
      self.halfWidth = halfWidth
      self.count = count
    }
  }

  package struct CurvePoint: Equatable, Sendable {
    package var round: Int
    package var seconds: Double
    package var accuracy: Double?

    package init(round: Int, seconds: Double, accuracy: Double?) {
      self.round = round
      self.seconds = seconds
      self.accuracy = accuracy
    }
  }

  /// What a site gets.
  package struct Site: Equatable, Sendable {
    package var name: String
    package var accuracy: Double

    package init(name: String, accuracy: Double) {
      self.name = name
      self.accuracy = accuracy
    }
  }

  /// A method in a regime; what is not known is nil.
  package struct Row: Equatable, Sendable {
    package var method: String
    package var regime: String
    package var seeds = 0
    package var failed = 0
    package var accuracyBefore: Double?
    package var accuracy: Interval?
    package var macroF1: Interval?
    package var loss: Interval?
    /// On the sites' own rows, mean over sites.
    package var ownAccuracy: Interval?
    package var worstSite: Interval?
    package var atEqualRounds: Interval?
    package var atEqualSeconds: Interval?
    package var rounds: Double?
    package var bytesPerClientRound: Double?
    /// As the method's authors describe it.
    package var publishedBytes: Double?
    package var peakBytes: Double?
    package var trainedParameters: Double?
    package var forwardPasses: Double?
    package var seconds: Interval?
    package var joules: Double?
    package var grams: Double?
    package var isEnergyMeasured = false
    package var curve: [CurvePoint] = []
    package var sites: [Site] = []

    package init(method: String, regime: String) {
      self.method = method
      self.regime = regime
    }
  }
}
