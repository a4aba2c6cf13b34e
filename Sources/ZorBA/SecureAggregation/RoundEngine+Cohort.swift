package import ZorBAFederation

/// Who is asked under secure aggregation: whole groups, or as many of one as hide each other.
extension RoundEngine {
  /// The drawn clients of whose group enough were drawn; if that leaves nobody, the first group of
  /// which enough are ready. Without secure aggregation, the drawn clients as they are.
  ///
  /// - Parameters:
  ///   - drawn: Ascending.
  ///   - ready: Who can be asked, ascending.
  func cohort(_ drawn: [Int], ready: [Int], matrix: ActivationMatrix) -> [Int] {
    guard let minimumGroup else { return drawn }
    let kept = matrix.groups(among: Set(drawn)).filter { $0.count >= minimumGroup }
    if !kept.isEmpty { return kept.joined().sorted() }
    return matrix.groups(among: Set(ready)).first { $0.count >= minimumGroup } ?? []
  }

  /// The groups of those who are asked in a round, in the order of their first clients.
  package func groups(of asked: [Int], round: Int, plan: ActivationPlan) -> [[Int]] {
    plan.matrix(round: round).groups(among: Set(asked))
  }
}
