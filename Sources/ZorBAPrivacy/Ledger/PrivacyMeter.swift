import ZorBADiagnostics

/// What a run may take from one account of a ledger, and what it has taken.
///
/// It refuses before anything is computed: a run as a whole at its start, and every round that would
/// take more than the run's epsilon, or more over all runs than the data's owner allows.
package final class PrivacyMeter {
  /// What is promised, and by whom it is limited.
  package struct Terms: Sendable, Equatable {
    /// The run's name.
    package var run: String
    /// SHA-256 of what the run is, in hexadecimal: what it took under another name is its own too. Nil
    /// knows runs by their names.
    package var specification: String?
    package var mechanism: SubsampledGaussian
    package var adjacency: Adjacency
    package var delta: Double
    /// What the run may take.
    package var epsilon: Double
    /// What all runs of the account together may take; nil sets no limit.
    package var total: Double?
    /// What the noise grid adds to epsilon, a use.
    package var excess: Double

    package init(
      run: String, specification: String? = nil, mechanism: SubsampledGaussian,
      adjacency: Adjacency, delta: Double, epsilon: Double, total: Double?, excess: Double
    ) {
      self.run = run
      self.specification = specification
      self.mechanism = mechanism
      self.adjacency = adjacency
      self.delta = delta
      self.epsilon = epsilon
      self.total = total
      self.excess = excess
    }

    /// Whether uses were this run's: taken under its name, or by the same run under any name.
    func owns(_ entry: PrivacyLedgerState.Entry) -> Bool {
      if let specification, entry.specification == specification { return true }
      return entry.run.utf8.elementsEqual(run.utf8)
    }
  }

  package let account: String
  package let terms: Terms
  private let ledger: PrivacyLedger
  /// Uses that were found to fit and are not charged yet.
  private var granted: Int
  private let stride: Int
  private var known: (count: Int, epsilon: Double)?

  /// The delta at which sums over runs are judged, or a run's own where that is smaller.
  package static let largestTotalDelta = 1e-5

  /// - Parameter uses: The uses that the run still takes.
  /// - Throws: `ZorBAError` with code `refused` when they do not fit as a whole.
  package init(ledger: PrivacyLedger, account: String, terms: Terms, uses: Int) throws {
    self.ledger = ledger
    self.account = account
    self.terms = terms
    granted = max(0, uses)
    stride = max(1, uses / 20)
    if let excess = overspending(granted) {
      throw refusal(excess, "the run's \(granted) remaining uses would")
    }
  }

  /// Charges uses, durably; what they are for may be computed when it returns.
  ///
  /// - Throws: `ZorBAError`: `refused` when they would take too much, `inputOutput` when they cannot be
  ///   charged.
  package func reserve(_ uses: Int) throws {
    try require(uses)
    granted = max(0, granted - uses)
    try ledger.charge([(account, entry(uses))])
  }

  /// Refuses uses that would take too much, without charging them.
  ///
  /// - Throws: `ZorBAError` with code `refused`.
  package func require(_ uses: Int) throws {
    if uses > granted, let excess = overspending(uses) {
      throw refusal(excess, uses == 1 ? "one more use would" : "\(uses) more uses would")
    }
  }

  private func entry(_ uses: Int) -> PrivacyLedgerState.Entry {
    .init(
      run: terms.run, specification: terms.specification, mechanism: terms.mechanism,
      adjacency: terms.adjacency, count: uses, excess: terms.excess, delta: terms.delta)
  }

  /// Which limit further uses would break, and by what figure; nil when none.
  private func overspending(_ uses: Int) -> (figure: Double, limit: Double, isTotal: Bool)? {
    let all = ledger.state.entries(of: account) + [entry(uses)]
    let own = all.filter(terms.owns)
    let run = PrivacySpending(own, delta: terms.delta).epsilon(.coarse)
    if run > terms.epsilon * 1.000_001 {
      let fine = PrivacySpending(own, delta: terms.delta).epsilon(.fine)
      if fine > terms.epsilon { return (fine, terms.epsilon, false) }
    }
    if let total = terms.total {
      let spending = PrivacySpending(all, delta: totalDelta)
      if spending.epsilon(.coarse) > total {
        let fine = spending.epsilon(.fine)
        if fine > total { return (fine, total, true) }
      }
    }
    return nil
  }

  /// The delta at which the sum over runs is judged.
  package var totalDelta: Double { min(terms.delta, Self.largestTotalDelta) }

  private func refusal(
    _ excess: (figure: Double, limit: Double, isTotal: Bool), _ what: String
  ) -> ZorBAError {
    let place = excess.isTotal ? "all runs of this data together" : "the run"
    return ZorBAError(
      .refused,
      "\(account): \(what) bring \(place) to epsilon \(Self.rounded(excess.figure)), above "
        + "\(Self.rounded(excess.limit))",
      at: .init(file: ledger.path, field: "differential_privacy.epsilon"),
      advice: excess.isTotal
        ? "The site's owner decides with privacy.differential_privacy.epsilon_maximum; ask for fewer "
          + "rounds or a smaller epsilon."
        : "Use fewer rounds, more noise, or a larger epsilon.")
  }

  private static func rounded(_ value: Double) -> String {
    value.isFinite ? "\((value * 10_000).rounded(.up) / 10_000)" : "infinity"
  }
}

extension PrivacyMeter {
  /// The ledger's, which grows with every charge.
  package var generation: Int { ledger.state.generation }

  /// Uses that this run has taken.
  package var count: Int { own.reduce(0) { $0 + $1.count } }

  /// What the run has taken, from above and cheaply: at the next of some twenty marks.
  package var quickEpsilon: Double {
    let own = own
    let count = count
    let mark = (count + stride - 1) / stride * stride
    if known?.count != mark {
      var reached = own
      if !reached.isEmpty { reached[reached.count - 1].count += mark - count }
      known = (mark, PrivacySpending(reached, delta: terms.delta).epsilon(.coarse))
    }
    return known?.epsilon ?? .infinity
  }

  /// What the run has taken.
  package var spent: PrivacySpending { PrivacySpending(own, delta: terms.delta) }

  /// What all runs of the account have taken.
  package var total: PrivacySpending {
    PrivacySpending(ledger.state.entries(of: account), delta: totalDelta)
  }

  private var own: [PrivacyLedgerState.Entry] {
    ledger.state.entries(of: account).filter(terms.owns)
  }
}
