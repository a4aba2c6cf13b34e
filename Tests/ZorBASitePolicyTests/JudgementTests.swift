import Testing
import ZorBADiagnostics
import ZorBAFederation
import ZorBASitePolicy

@Suite struct JudgementTests {
  /// What a policy says at a key, a request that it forbids, and what the sentence must quote.
  struct Case: Sendable, CustomTestStringConvertible {
    let key: PolicyKey
    let written: String
    let quotes: [String]
    let verdict: @Sendable (SitePolicy) -> Verdict

    var testDescription: String { "\(key.rawValue): \(written)" }

    static func run(
      _ key: PolicyKey, _ written: String, _ quotes: [String],
      _ change: @escaping @Sendable (inout RunFacts) -> Void
    ) -> Case {
      Case(key: key, written: written, quotes: quotes) {
        $0.admit(run: .fitting.with(change))
      }
    }

    static func round(
      _ key: PolicyKey, _ written: String, _ quotes: [String], usage: SiteUsage = SiteUsage(),
      _ change: @escaping @Sendable (inout RoundFacts) -> Void = { _ in }
    ) -> Case {
      Case(key: key, written: written, quotes: quotes) {
        var facts = RoundFacts.fitting
        change(&facts)
        return $0.admit(round: facts, usage: usage)
      }
    }
  }

  static let refusals: [Case] = [
    .run(.federation, "clinics", ["'hospitals'", "'clinics'"]) { _ in },
    .run(.runNames, "[alpha, \"beta-*\"]", ["'triage-7'", "alpha, beta-*"]) { _ in },
    .run(.runNames, "[]", ["'triage-7'", "none"]) { _ in },
    .run(.specifications, "[\(String(repeating: "0", count: 64))]", ["abab", "0000"]) { _ in },
    .run(.baseModels, "[\(String(repeating: "0", count: 32))]", ["cccc", "0000"]) { _ in },
    .run(.tasks, "[completion]", ["classification", "completion"]) { _ in },
    .run(.templates, "[\"{text}\"]", ["{text} It was {label}.", "allows {text}"]) { _ in },
    .run(.templates, "[\"{text}\"]", ["'default'"]) { $0.template = nil },
    .run(.templates, "[default]", ["'default'"]) { $0.template = "default" },
    .run(.columns, "[text]", ["'question'", "allows text"]) { _ in },
    .run(.columns, "[question]", ["'diagnosis'", "allows question"]) {
      $0.columns = ["question", "diagnosis"]
    },
    .run(.mostBlocks, "2", ["3 blocks", "at most 2"]) { _ in },
    .run(.forbiddenBlocks, "[2, 9, 3]", ["blocks 2, 3", "blocks 2, 3, 9"]) { _ in },
    .run(.mostLocalSteps, "4", ["5 local steps", "at most 4"]) { $0.localSteps = 5 },
    .run(.mostDirections, "8", ["9 directions", "at most 8"]) { $0.directions = 9 },
    .run(.smallestBatch, "17", ["16 rows", "at least 17"]) { _ in },
    .run(.mostRounds, "1000", ["1001 rounds", "at most 1000"]) { $0.rounds = 1001 },
    .run(.secureAggregation, "required", ["required", "aggregates in the clear"]) { _ in },
    .run(.differentialPrivacy, "true", ["true", "adds no noise"]) { _ in },
    .run(.epsilonMaximum, "2.5", ["epsilon of 3.0", "at most 2.5"]) {
      $0.privacy = .init(epsilon: 3, delta: 1e-5)
    },
    .run(.minimumCohort, "3", ["2 sites", "at least 3"]) { $0.cohort = 2 },
    .run(.minimumCohort, "2", ["nobody says", "at least 2"]) { $0.cohort = nil },
    .run(.updatesAllowed, "false", ["dense updates of up to 77 bytes", "allows none"]) {
      $0.updateBytes = 77
    },
    .round(.updatesAllowed, "false", ["round 5", "dense updates", "allows none"]) {
      $0.updateBytes = 1
    },
    .round(.mostBlocks, "2", ["round 5", "3 blocks", "at most 2"]),
    .round(.forbiddenBlocks, "[3]", ["round 5", "block 3"]),
    .round(.minimumCohort, "3", ["2 sites", "at least 3"]) { $0.cohort = 2 },
    .round(.minimumCohort, "2", ["nobody says", "at least 2"]) { $0.cohort = nil },
    .round(.mostRounds, "7", ["7 rounds", "at most 7"], usage: SiteUsage(rounds: 7)),
    .round(.mostRoundsPerDay, "0", ["0 rounds", "at most 0 a day"]),
    .round(
      .payloadPerRound, "120", ["121 bytes", "at most 120"], usage: SiteUsage(bytesThisRound: 21)
    ),
    .round(.payloadPerDay, "99", ["100 bytes", "at most 99 a day"]),
    .round(.hours, "{}", ["monday", "never"]),
    Case(key: .evaluationAllowed, written: "false", quotes: ["evaluation", "false"]) {
      $0.admit(evaluation: .fitting, usage: SiteUsage())
    },
    Case(key: .fewestEvaluationExamples, written: "51", quotes: ["50 examples", "at least 51"]) {
      $0.admit(evaluation: .fitting, usage: SiteUsage())
    },
    Case(key: .payloadPerRound, written: "29", quotes: ["30 bytes", "at most 29"]) {
      $0.admit(evaluation: .fitting, usage: SiteUsage())
    },
    Case(key: .payloadPerRound, written: "29", quotes: ["30 bytes", "at most 29"]) {
      $0.admit(messageOf: 30, usage: SiteUsage())
    },
  ]

  @Test(arguments: refusals)
  func refusalsNameKeyLineAndValues(_ refusal: Case) throws {
    let policy = try PolicyText().with(refusal.key, refusal.written).policy()
    guard case .refused(let reason) = refusal.verdict(policy) else {
      Issue.record("not refused")
      return
    }
    #expect(reason.key == refusal.key)
    let line = try #require(policy.lines[refusal.key])
    #expect(reason.sentence.hasPrefix("policy.yaml:\(line): \(refusal.key.rawValue): "))
    for quote in refusal.quotes { #expect(reason.sentence.contains(quote), "\(reason.sentence)") }
    #expect(reason.error.code == .refused)
    #expect(!reason.sentence.contains("\n"))
    // Evaluations are absent instead of declined.
    let isOfEvaluation = refusal.key.rawValue.hasPrefix("evaluation.")
    #expect(reason.cause.isRefusal != isOfEvaluation)
  }

  /// Where updates are allowed, their bytes are limited: those of a run, and all of a round.
  @Test func updatesStayWithinTheirBytes() throws {
    let policy = try PolicyText().with(.updatesAllowed, "true").policy()
    func run(_ bytes: Int) -> Refusal? {
      policy.admit(run: .fitting.with { $0.updateBytes = bytes }).refusal
    }
    func round(_ bytes: Int, after earlier: Int) -> Refusal? {
      var facts = RoundFacts.fitting
      facts.updateBytes = bytes
      return policy.admit(round: facts, usage: SiteUsage(updateBytesThisRound: earlier)).refusal
    }
    #expect(run(2000) == nil && round(1500, after: 500) == nil && round(1, after: 1999) == nil)
    #expect(run(2001)?.key == .updateBytesPerRound)
    #expect(round(1501, after: 500)?.sentence.contains("2001 bytes of dense updates") == true)
    #expect(round(.max, after: .max)?.key == .updateBytesPerRound)
    let text = PolicyExplanation(policy).text
    #expect(text.contains("dense updates, at most 2000 bytes of them a round"))
    #expect(!text.contains("or weights"))
    let strict = PolicyExplanation(try PolicyText().policy()).text
    #expect(strict.contains("It sends no dense updates") && strict.contains("labels or weights"))
  }

  @Test func everyKeyThatLimitsHasARefusal() {
    let only: Set<PolicyKey> = [
      .shareLosses, .shareTimings, .sharePeakMemory, .exampleCount,
      .updateBytesPerRound, .evaluationSegments, .segmentColumns,
    ]
    #expect(Set(Self.refusals.map(\.key)).union(only) == Set(PolicyKey.allCases))
  }

  @Test func whatFitsIsAllowed() throws {
    let policy = try PolicyText().policy()
    #expect(policy.admit(run: .fitting) == .allowed)
    #expect(policy.admit(round: .fitting, usage: SiteUsage()) == .allowed)
    #expect(policy.admit(evaluation: .fitting, usage: SiteUsage()) == .allowed)
    #expect(policy.admit(messageOf: 4096, usage: SiteUsage()) == .allowed)
  }

  @Test func aUsedUpDayWaitsForMidnight() throws {
    let policy = try PolicyText().policy()
    let day = UTCInstant.monday.day
    let midnight = UTCInstant(secondsSince1970: (day + 1) * 86_400)
    for usage in [
      SiteUsage(roundsToday: 100, day: day), SiteUsage(bytesToday: 99_901, day: day),
    ] {
      guard case .wait(midnight, let refusal) = policy.admit(round: .fitting, usage: usage) else {
        Issue.record("does not wait")
        continue
      }
      #expect(refusal.sentence.contains("2024-01-01"))
      #expect(refusal.advice.contains("2024-01-02T00:00:00Z"))
    }
  }

  @Test func outsideItsHoursASiteWaits() throws {
    let policy = try PolicyText().with(.hours, "{monday: [\"18:00-06:00\"]}").policy()
    let evening = UTCInstant(secondsSince1970: UTCInstant.monday.secondsSince1970 + 6 * 3600)
    guard
      case .wait(evening, let refusal) = policy.admit(round: .fitting, usage: SiteUsage())
    else {
      Issue.record("does not wait")
      return
    }
    #expect(refusal.key == .hours)
    #expect(refusal.sentence.contains("monday 18:00-06:00"))
    #expect(policy.admit(evaluation: .fitting, usage: SiteUsage()).rank == 1)
  }

  @Test func allRefusalsOfARunAreListed() throws {
    let policy = try PolicyText().policy()
    let run = RunFacts.fitting.with {
      $0.federation = "x\u{1B}[31m"
      $0.cohort = 1
      $0.directions = 9
    }
    let refusals = policy.refusals(of: run)
    #expect(refusals.map(\.key) == [.federation, .mostDirections, .minimumCohort])
    #expect(!refusals[0].sentence.contains("\u{1B}"))
  }

  @Test func explanationsSayWhatHolds() throws {
    let text = PolicyExplanation(try PolicyText().policy(), usage: SiteUsage(rounds: 42)).text
    for part in [
      "hospitals", "sentiment, triage-*", "may name: question, answer", "at most 12 blocks",
      "at least 16 rows", "never trains blocks 0, 7",
      "at most 1000 rounds", "at most 4096 bytes", "at least 50 examples", "nearest 50",
      "nor timings, measured costs", "at least 3 sites", "the coordinator sees its answers",
      "42 rounds",
    ] {
      #expect(text.contains(part), "\(part)")
    }
    let strict = try PolicyText().with(.secureAggregation, "required").policy()
    #expect(PolicyExplanation(strict).text.contains("only under secure aggregation"))
    let noised = try PolicyText().with(.differentialPrivacy, "true").policy()
    #expect(PolicyExplanation(noised).text.contains("only runs that promise differential privacy"))
  }
}
