/// The refusals that runs and rounds have in common.
extension SitePolicy {
  func refusal(
    _ key: PolicyKey, _ asked: String, _ allowed: String, advice: String? = nil
  ) -> Refusal {
    Refusal(
      key: key, file: file, line: lines[key], asked: asked, allowed: allowed,
      advice: advice ?? "To allow it, change \(key.rawValue); otherwise tell the coordinator.")
  }

  func atMost(
    _ key: PolicyKey, _ most: Int?, _ asked: Int, _ what: String, by whom: String
  ) -> Refusal? {
    guard let most, asked > most else { return nil }
    return refusal(key, "\(whom) asks for \(asked) \(what)", "the policy allows at most \(most)")
  }

  func forbidden(_ blocks: Set<Int>, by whom: String) -> Refusal? {
    let asked = blocks.intersection(forbiddenBlocks).sorted()
    guard !asked.isEmpty else { return nil }
    return refusal(
      .forbiddenBlocks, "\(whom) asks for \(asked.listedBlocks)",
      "the policy forbids \(forbiddenBlocks.sorted().listedBlocks)")
  }

  func cohortRefusal(_ cohort: Int?, by whom: String) -> Refusal? {
    guard cohort ?? 1 < minimumCohort else { return nil }
    let asked =
      cohort.map { "\(whom) combines the answers of \($0) sites" }
      ?? "nobody says how many sites' answers \(whom) combines"
    return refusal(.minimumCohort, asked, "the policy asks for at least \(minimumCohort)")
  }
}

extension [Int] {
  /// `block 3`, `blocks 0, 3`; long lists end in how many more there are.
  var listedBlocks: String {
    let shown = prefix(8).map(String.init).joined(separator: ", ")
    let more = count > 8 ? " and \(count - 8) more" : ""
    return (count == 1 ? "block " : "blocks ") + shown + more
  }
}
