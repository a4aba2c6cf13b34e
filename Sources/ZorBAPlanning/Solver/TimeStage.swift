/// Makes the slowest round as short as it can be within limits on Gamma and bytes.
///
/// A shorter limit only forbids entries, so the shortest one that still has a plan is found by
/// bisection over the lengths a round can have.
struct TimeStage {
  let search: PlanSearch
  let goal: SearchGoal

  /// - Parameter current: A plan within the limits.
  func minimise(from current: FoundCycle) -> (found: FoundCycle, outcome: PlanSearch.Outcome) {
    var best = current
    var slowest = seconds(current)
    let candidates = lengths().filter { $0 < slowest * (1 - SearchSpace.tolerance) }
    // Everything below `low` is refuted or unproven; `proven` is the first length not refuted.
    var low = 0
    var high = candidates.count
    var refuted = 0
    while low < high {
      let middle = (low + high) / 2
      let shorter = search.within(seconds: candidates[middle])
      let attempt = attempt(shorter, from: best)
      if let found = attempt.found {
        best = found
        slowest = min(slowest, seconds(found))
        high = candidates.firstIndex { $0 >= slowest * (1 - SearchSpace.tolerance) } ?? middle
        high = min(high, middle)
      } else {
        low = middle + 1
        if attempt.isProven { refuted = max(refuted, middle + 1) }
      }
      if Task.isCancelled { break }
    }
    let bound = refuted < candidates.count ? min(candidates[refuted], slowest) : slowest
    let isProven = isExact && refuted >= low && low >= high
    return (
      best,
      PlanSearch.Outcome(
        found: best, lowerBound: isProven ? slowest : min(bound, slowest), isProven: isProven)
    )
  }

  private func attempt(_ shorter: PlanSearch, from current: FoundCycle) -> PlanSearch.Outcome {
    var goal = goal
    goal.objective = .gamma
    let coverage = Coverage(shorter.space)
    var rows = current.rows
    if coverage.isFeasible {
      rows = rows.map { keepsLimit($0, shorter) ? $0 : coverage.rows }
    } else if shorter.space.allowsResting {
      guard
        let resting = RestingStart.rows(
          shorter.space, length: shorter.length, leastTrained: shorter.leastTrained)
      else { return .init(lowerBound: .infinity, isProven: false) }
      if !rows.allSatisfy({ keepsLimit($0, shorter) }) { rows = resting }
    } else if coverage.isExact || !coverage.impossible.isEmpty {
      return .init(lowerBound: .infinity, isProven: true)
    } else {
      let any = shorter.anyPlan(goal)
      guard let found = any.found else { return any }
      rows = found.rows
    }
    let starts = [CycleState(shorter.space, rows: rows)]
    // A plan is enough here; the last stage's plan is polished by the caller.
    let outcome = shorter.minimise(goal, starts: starts)
    guard let found = outcome.found else {
      return .init(lowerBound: .infinity, isProven: outcome.isProven)
    }
    return .init(found: found, lowerBound: 0, isProven: true)
  }

  private func keepsLimit(_ rows: [[Bool]], _ shorter: PlanSearch) -> Bool {
    let state = SearchState(shorter.space, rows: rows)
    return (0..<shorter.space.clientCount).allSatisfy { client in
      state.meetsTime(client)
        && rows[client].indices.allSatisfy {
          !rows[client][$0] || shorter.space.isAllowed[client][$0]
        }
    }
  }

  private func seconds(_ found: FoundCycle) -> Double {
    CycleState(search.space, rows: found.rows).seconds.reduce(0) { max($0, $1) }
  }

  /// Whether `lengths` lists every length a round can have.
  private var isExact: Bool {
    search.space.sites.allSatisfy { site in site.activeSeconds.allSatisfy { $0 == 0 } }
  }

  /// Lengths of rounds, ascending: by client and first active unit where active blocks cost no time of
  /// their own, else a fine scale.
  private func lengths() -> [Double] {
    let space = search.space
    var lengths: Set<Double> = [0]
    for client in 0..<space.clientCount {
      for unit in 0..<space.unitCount { lengths.insert(space.seconds(client, [unit])) }
    }
    if !isExact, let least = lengths.filter({ $0 > 0 }).min(), let most = lengths.max() {
      let top = (0..<space.clientCount).reduce(most) {
        max($0, space.seconds($1, space.units.indices))
      }
      for step in 0...200 { lengths.insert(least + (top - least) * Double(step) / 200) }
    }
    return lengths.sorted()
  }
}
