extension SiteCosts {
  /// What a round is made of at one site, beside its row.
  package struct Round: Sendable, Equatable {
    /// P, directions a step.
    package var directions: Int
    /// H, local steps a round.
    package var localSteps: Int
    /// Clients whose directions the committed update holds: 1 when all share theirs.
    package var directionSets: Int
    /// Whether what lies outside the transformer blocks is trained by everyone.
    package var outer: Bool
    /// Whether applying the committed round counts, or only the answer that comes before it.
    package var commits: Bool

    package init(
      directions: Int = 1, localSteps: Int = 1, directionSets: Int = 1, outer: Bool = false,
      commits: Bool = true
    ) {
      self.commits = commits
      self.directions = directions
      self.localSteps = localSteps
      self.directionSets = directionSets
      self.outer = outer
    }
  }

  /// The costs of a round whose steps a time model predicts.
  ///
  /// H steps; the H - 1 updates between them and the snapshot that they are undone from, on active
  /// blocks; and the committed update, which changes every block that anybody trained: all of them,
  /// since a plan covers every block.
  ///
  /// - Parameters:
  ///   - fixedBytes: Bytes that are there whatever the site trains.
  ///   - residentBytes: Bytes more for each active block. [blocks]
  ///   - time: The rates.
  ///   - work: The site's typical step.
  package init(
    fixedBytes: Double, residentBytes: [Double], time: TimeModel, work: StepWork, round: Round
  ) {
    precondition(
      residentBytes.count == time.blockCount && work.blockCount == time.blockCount)
    let steps = Double(round.localSteps)
    let directions = Double(round.directions)
    let branches = 2 * directions
    let everything = [Bool](repeating: true, count: time.blockCount)
    var prefix: [Double] = []
    var suffix: [Double] = []
    var active: [Double] = []
    for block in everything.indices {
      let rates = time.rates[time.types[block]]
      let operations = work.blockOperations[block]
      let parameters = work.blockParameters[block]
      let once = rates.prefix * operations
      let branched = rates.suffix * branches * operations
      suffix.append(steps * max(once, branched))
      prefix.append(round.outer ? suffix[block] : steps * once)
      let perturbing =
        rates.active * branches * operations + rates.generation * directions * parameters
      // A snapshot is taken and put back: parameters are brought in and written twice.
      let local =
        round.localSteps > 1
        ? (steps - 1) * (rates.write + rates.term * directions) + 2 * rates.write : 0
      active.append(steps * perturbing + parameters * local)
    }
    let rates = time.rates[time.types[0]]
    let entry =
      round.outer
      ? rates.suffix * branches * work.entryOperations
        + rates.generation * directions * work.outerParameters
      : rates.prefix * work.entryOperations
    let update =
      round.commits
      ? time.updateSeconds(
        row: everything, outer: round.outer,
        terms: directions * steps * Double(round.directionSets), work: work) : 0
    self.init(
      fixedBytes: fixedBytes, residentBytes: residentBytes,
      fixedSeconds: steps * (time.fixed + time.head * branches * work.headOperations + entry)
        + update,
      prefixSeconds: prefix, suffixSeconds: suffix, activeSeconds: active)
  }
}
