import Testing
import ZorBA
import ZorBASitePolicy
import ZorBATestSupport

/// Making one limit looser never takes anything away.
@Suite struct LooseningTests {
  private static let names = ["a", "ab", "abc", "b", "*", "a*", "*c", "a*c"]
  private static let digests = (0..<3).map { String(repeating: "\($0)", count: 32) }

  @Test func looserPoliciesAllowMore() throws {
    var generator = SeededGenerator(seed: 11)
    var gained = 0
    for _ in 0..<800 {
      let policy = try Self.policy(&generator)
      let usage = Self.usage(&generator)
      let run = Self.run(&generator)
      let round = Self.round(&generator)
      let evaluation = EvaluationFacts(
        round: 1, examples: .random(in: 0...4, using: &generator),
        payloadBytes: .random(in: 0...4, using: &generator), now: round.now)
      func ranks(_ policy: SitePolicy) -> [Int] {
        [
          policy.admit(run: run).rank, policy.admit(round: round, usage: usage).rank,
          policy.admit(evaluation: evaluation, usage: usage).rank,
          policy.admit(messageOf: evaluation.payloadBytes, usage: usage).rank,
        ]
      }
      let before = ranks(policy)
      for (index, loosen) in Self.loosenings.enumerated() {
        var looser = policy
        loosen(&looser, &generator)
        let after = ranks(looser)
        #expect(zip(before, after).allSatisfy { $0 <= $1 }, "loosening \(index)")
        gained += zip(before, after).count { $0 < $1 }
      }
    }
    // Otherwise the limits were never what decided.
    #expect(gained > 200)
  }

  private typealias Loosening = @Sendable (inout SitePolicy, inout SeededGenerator) -> Void

  private static let loosenings: [Loosening] =
    [
      { policy, random in raise(&policy.mostBlocks, &random) },
      { policy, random in raise(&policy.mostLocalSteps, &random) },
      { policy, random in raise(&policy.mostDirections, &random) },
      { policy, random in raise(&policy.mostRounds, &random) },
      { policy, random in raise(&policy.mostRoundsPerDay, &random) },
      { policy, random in raise(&policy.payloadPerRound, &random) },
      { policy, random in raise(&policy.payloadPerDay, &random) },
      { policy, random in
        widen(&policy.runNames, NamePattern(names.randomElement(using: &random) ?? "a"), &random)
      },
      { policy, random in
        widen(&policy.baseModels, digests.randomElement(using: &random) ?? "", &random)
      },
      { policy, random in
        widen(&policy.specifications, digests.randomElement(using: &random) ?? "", &random)
      },
      { policy, random in
        widen(&policy.templates, names.randomElement(using: &random) ?? "", &random)
      },
      { policy, random in
        widen(
          &policy.tasks,
          TaskConfiguration.Kind.allCases.randomElement(using: &random) ?? .completion, &random)
      },
      { policy, random in
        if let block = policy.forbiddenBlocks.sorted().randomElement(using: &random) {
          policy.forbiddenBlocks.remove(block)
        }
      },
      { policy, _ in policy.allowsUpdates = true },
      { policy, random in raise(&policy.updateBytesPerRound, &random) },
      { policy, _ in policy.allowsEvaluation = true },
      { policy, _ in
        policy.fewestEvaluationExamples = max(0, policy.fewestEvaluationExamples - 1)
      },
      { policy, _ in policy.requiresSecureAggregation = false },
      { policy, _ in policy.requiresDifferentialPrivacy = false },
      { policy, random in
        policy.epsilonMaximum =
          Bool.random(using: &random) ? nil : policy.epsilonMaximum.map { $0 * 2 }
      },
      { policy, _ in policy.minimumCohort = max(1, policy.minimumCohort - 1) },
      { policy, _ in policy.smallestBatch = max(1, policy.smallestBatch - 1) },
      { policy, random in
        widen(&policy.columns, names.randomElement(using: &random) ?? "", &random)
      },
      { policy, random in
        policy.hours = Bool.random(using: &random) ? nil : policy.hours.map { widened($0, &random) }
      },
    ]

  private static func raise(_ limit: inout Int?, _ random: inout SeededGenerator) {
    limit =
      Bool.random(using: &random) ? limit.map { $0 + Int.random(in: 1...3, using: &random) } : nil
  }

  private static func widen<Element>(
    _ allowance: inout Allowance<Element>, _ element: Element, _ random: inout SeededGenerator
  ) {
    guard case .only(let list) = allowance, Bool.random(using: &random) else {
      allowance = .any
      return
    }
    allowance = .only(list + [element])
  }

  private static func widened(
    _ hours: HourWindows, _ random: inout SeededGenerator
  ) -> HourWindows {
    HourWindows.of(
      hours.description == "never"
        ? []
        : hours.description.split(separator: ", ").map(String.init)
          + ["\(HourWindows.days.randomElement(using: &random) ?? "monday") 03:00-02:00"])
  }

  private static func limit(_ random: inout SeededGenerator) -> Int? {
    Bool.random(using: &random) ? nil : .random(in: 0...4, using: &random)
  }

  private static func allowance<Element>(
    _ elements: [Element], _ random: inout SeededGenerator
  ) -> Allowance<Element> {
    Bool.random(using: &random)
      ? .any : .only(elements.filter { _ in Bool.random(using: &random) })
  }

  private static func policy(_ random: inout SeededGenerator) throws -> SitePolicy {
    func rarely() -> Bool { Int.random(in: 0..<6, using: &random) == 0 }
    let (secure, noised) = (rarely(), rarely())
    let hours: HourWindows? =
      Bool.random(using: &random)
      ? nil
      : HourWindows.of(
        HourWindows.days.filter { _ in Bool.random(using: &random) }.map { "\($0) 08:00-18:00" })
    var policy = try PolicyText().policy()
    policy.federation = "f"
    policy.runNames = allowance(names.map(NamePattern.init), &random)
    policy.specifications = allowance(digests, &random)
    policy.baseModels = allowance(digests, &random)
    policy.tasks = allowance(TaskConfiguration.Kind.allCases, &random)
    policy.templates = allowance(names + ["default"], &random)
    policy.columns = rarely() ? allowance(names, &random) : .any
    policy.smallestBatch = rarely() ? .random(in: 1...4, using: &random) : 1
    policy.mostBlocks = limit(&random)
    policy.forbiddenBlocks = Set((0..<4).filter { _ in Int.random(in: 0..<4, using: &random) == 0 })
    policy.mostLocalSteps = limit(&random)
    policy.mostDirections = limit(&random)
    policy.mostRounds = limit(&random)
    policy.mostRoundsPerDay = limit(&random)
    policy.hours = hours
    policy.payloadPerRound = limit(&random)
    policy.payloadPerDay = limit(&random)
    policy.allowsUpdates = Int.random(in: 0..<4, using: &random) > 0
    policy.updateBytesPerRound = limit(&random)
    policy.allowsEvaluation = Bool.random(using: &random)
    policy.fewestEvaluationExamples = .random(in: 0...4, using: &random)
    policy.requiresSecureAggregation = secure
    policy.requiresDifferentialPrivacy = noised
    policy.epsilonMaximum = Bool.random(using: &random) ? nil : .random(in: 1...4, using: &random)
    policy.minimumCohort = .random(in: 1...4, using: &random)
    return policy
  }

  private static func usage(_ random: inout SeededGenerator) -> SiteUsage {
    SiteUsage(
      rounds: .random(in: 0...4, using: &random), roundsToday: .random(in: 0...4, using: &random),
      bytesToday: .random(in: 0...4, using: &random),
      bytesThisRound: .random(in: 0...4, using: &random),
      updateBytesThisRound: .random(in: 0...4, using: &random),
      day: .random(in: 0...9, using: &random))
  }

  private static func blocks(_ random: inout SeededGenerator) -> Set<Int> {
    Set((0..<4).filter { _ in Bool.random(using: &random) })
  }

  private static func run(_ random: inout SeededGenerator) -> RunFacts {
    let blocks = Bool.random(using: &random) ? blocks(&random) : nil
    return RunFacts(
      name: names.randomElement(using: &random) ?? "a", federation: "f",
      specification: digests.randomElement(using: &random) ?? "",
      base: digests.randomElement(using: &random) ?? "",
      task: TaskConfiguration.Kind.allCases.randomElement(using: &random) ?? .completion,
      template: Bool.random(using: &random) ? nil : names.randomElement(using: &random),
      columns: names.filter { _ in Int.random(in: 0..<8, using: &random) == 0 },
      blocks: blocks, blocksAtOnce: blocks?.count,
      localSteps: .random(in: 1...4, using: &random),
      directions: .random(in: 1...4, using: &random), batch: .random(in: 1...4, using: &random),
      rounds: .random(in: 1...4, using: &random),
      cohort: Bool.random(using: &random) ? nil : .random(in: 1...4, using: &random),
      updateBytes: Bool.random(using: &random) ? nil : .random(in: 1...6, using: &random),
      privacy: Bool.random(using: &random)
        ? nil : .init(epsilon: .random(in: 0.5...5, using: &random), delta: 1e-5))
  }

  private static func round(_ random: inout SeededGenerator) -> RoundFacts {
    RoundFacts(
      round: 1, blocks: blocks(&random),
      cohort: Bool.random(using: &random) ? nil : .random(in: 1...4, using: &random),
      payloadBytes: .random(in: 0...4, using: &random),
      updateBytes: Bool.random(using: &random) ? 0 : .random(in: 1...4, using: &random),
      now: UTCInstant(secondsSince1970: .random(in: 0...(14 * 86_400), using: &random)))
  }
}
