import ZorBA
import ZorBASitePolicy

extension RunFacts {
  /// A run that the policy of `PolicyText` allows.
  static let fitting = RunFacts(
    name: "triage-7", federation: "hospitals",
    specification: String(repeating: "ab", count: 32), base: String(repeating: "c", count: 32),
    task: .classification, template: "{text} It was {label}.", columns: ["question"],
    blocks: [1, 2, 3], blocksAtOnce: 3, localSteps: 4, directions: 8, batch: 16, rounds: 1000,
    cohort: 3)

  func with(_ change: (inout RunFacts) -> Void) -> RunFacts {
    var copy = self
    change(&copy)
    return copy
  }
}

extension RoundFacts {
  static let fitting = RoundFacts(
    round: 5, blocks: [1, 2, 3], cohort: 3, payloadBytes: 100, now: .monday)
}

extension EvaluationFacts {
  static let fitting = EvaluationFacts(round: 5, examples: 50, payloadBytes: 30, now: .monday)
}

extension UTCInstant {
  /// 2024-01-01, a Monday, at noon.
  static let monday = UTCInstant(secondsSince1970: 1_704_110_400)
}

extension Verdict {
  var refusal: Refusal? {
    switch self {
    case .allowed: nil
    case .refused(let refusal), .wait(_, let refusal): refusal
    }
  }

  /// Refused is 0, waiting 1, allowed 2.
  var rank: Int {
    switch self {
    case .refused: 0
    case .wait: 1
    case .allowed: 2
    }
  }
}
