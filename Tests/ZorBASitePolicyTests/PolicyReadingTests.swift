import Testing
import ZorBA
import ZorBADiagnostics
import ZorBASitePolicy
import ZorBATestSupport

@Suite struct PolicyReadingTests {
  private static func failure(_ text: String) -> ZorBAError? {
    do {
      _ = try SitePolicy.parse(text, file: "policy.yaml")
      return nil
    } catch {
      return error as? ZorBAError
    }
  }

  @Test func everyKeyArrives() throws {
    let policy = try PolicyText().policy()
    #expect(policy.federation == "hospitals")
    #expect(policy.runNames == .only([NamePattern("sentiment"), NamePattern("triage-*")]))
    #expect(policy.specifications == .any)
    #expect(policy.baseModels == .any)
    #expect(policy.tasks == .only([.classification]))
    #expect(policy.templates == .only(["{text} It was {label}."]))
    #expect(policy.columns == .only(["question", "answer"]))
    #expect(policy.mostBlocks == 12)
    #expect(policy.forbiddenBlocks == [0, 7])
    #expect(policy.mostLocalSteps == 4)
    #expect(policy.mostDirections == 8)
    #expect(policy.smallestBatch == 16)
    #expect(policy.mostRounds == 1000)
    #expect(policy.mostRoundsPerDay == 100)
    #expect(policy.hours == nil)
    #expect(policy.payloadPerRound == 4096)
    #expect(policy.payloadPerDay == 100_000)
    #expect(!policy.allowsUpdates && policy.updateBytesPerRound == 2000)
    #expect(policy.allowsEvaluation)
    #expect(policy.fewestEvaluationExamples == 50)
    #expect(policy.share.losses && !policy.share.timings && policy.share.peakMemory)
    #expect(policy.share.exampleCount == .rounded(to: 50))
    #expect(!policy.requiresSecureAggregation && !policy.requiresDifferentialPrivacy)
    #expect(policy.epsilonMaximum == nil)
    #expect(policy.minimumCohort == 3)
  }

  /// Policies from before there were dense updates say nothing of them, and allow none.
  @Test func aPolicyWithoutUpdatesAllowsNone() throws {
    let old = try PolicyText().with(.updatesAllowed, nil).with(.updateBytesPerRound, nil).policy()
    #expect(!old.allowsUpdates && old.updateBytesPerRound == 0)
    #expect(old.admit(run: .fitting).isAllowed)
    let refusal = old.admit(run: .fitting.with { $0.updateBytes = 1 }).refusal
    #expect(refusal?.key == .updatesAllowed)
    #expect(refusal?.sentence.contains("the policy allows none") == true)
  }

  /// Policies from before sites told of segments say nothing of them, and let nothing be told.
  @Test(arguments: [(nil, false), ("false", false), ("true", true)] as [(String?, Bool)])
  func segmentsAreToldWhereThePolicySaysSo(_ value: String?, _ isAllowed: Bool) throws {
    let text = PolicyText().with(.evaluationSegments, value)
      .with(.segmentColumns, isAllowed ? "[region, ward]" : nil)
    let policy = try text.policy()
    #expect(policy.allowsSegments == isAllowed)
    #expect((policy.lines[.evaluationSegments] == nil) == (value == nil))
    let explained = PolicyExplanation(policy).text
    #expect(explained.contains("never by segment") != isAllowed)
    #expect(explained.contains("columns region, ward also those of each segment") == isAllowed)
    let without = try text.with(.evaluationAllowed, "false").policy()
    #expect(!PolicyExplanation(without).text.contains("segment"))
  }

  /// Who lets segments be told says by which columns: their values are told, too.
  @Test func segmentsAreToldByTheColumnsThatThePolicyLists() throws {
    let text = PolicyText().with(.evaluationSegments, "true")
    let error = try #require(Self.failure(text.yaml))
    #expect(error.location.field == "evaluation.segment_columns")
    func tells(_ columns: String, _ column: String, segments: String = "true") throws -> Bool {
      try text.with(.segmentColumns, columns).with(.evaluationSegments, segments).policy()
        .tellsSegments(by: column)
    }
    #expect(try tells("[region, ward]", "ward") && tells("any", "name"))
    #expect(try !tells("[region, ward]", "name") && !tells("[]", "ward"))
    #expect(try !tells("[région]", "re\u{301}gion"))
    #expect(try !tells("any", "ward", segments: "false"))
    #expect(try !PolicyText().policy().tellsSegments(by: "ward"))
  }

  @Test func linesAreThoseOfTheFile() throws {
    let text = PolicyText().yaml
    let policy = try SitePolicy.parse(text, file: "policy.yaml")
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(policy.lines.count == PolicyKey.allCases.count - 2)
    for (key, line) in policy.lines {
      let name = key.rawValue.split(separator: ".").last ?? ""
      #expect(lines[line - 1].contains("\(name):"), "\(key)")
    }
  }

  @Test func digestsAreComparedWithoutCase() throws {
    let digest = String(repeating: "aB", count: 32)
    let policy = try PolicyText().with(.specifications, "[\(digest)]").policy()
    #expect(policy.specifications == .only([digest.lowercased()]))
    #expect(policy.admit(run: .fitting.with { $0.specification = digest.uppercased() }).isAllowed)
  }

  @Test(
    arguments: PolicyKey.allCases.filter { ![.evaluationSegments, .segmentColumns].contains($0) })
  func aMissingKeyRefusesEverything(_ key: PolicyKey) throws {
    let error = try #require(Self.failure(PolicyText().with(key, nil).yaml))
    #expect(error.location.field == key.rawValue)
    #expect(error.advice?.contains(key.rule) == true)
    #expect(error.advice?.hasSuffix("Until then this site refuses every run.") == true)
  }

  @Test(arguments: PolicyKey.allCases, ["", "~", "null", "\"\"", "{a: 1}", "[[1]]"])
  func aKeyWithoutAUsableValueIsNamedWithItsLine(_ key: PolicyKey, _ value: String) throws {
    let error = try #require(Self.failure(PolicyText().with(key, value).yaml))
    #expect(error.location.field?.hasPrefix(key.rawValue) == true)
    #expect(error.location.line != nil)
  }

  @Test(arguments: [
    (PolicyKey.mostBlocks, "-1"), (.mostRounds, "many"), (.mostRounds, "9223372036854775808"),
    (.minimumCohort, "0"), (.smallestBatch, "0"), (.smallestBatch, "any"), (.baseModels, "[abc]"),
    (.specifications, "[\"\(String(repeating: "é", count: 32))\"]"),
    (.tasks, "[poetry]"), (.exampleCount, "rounded_to_1"), (.exampleCount, "rounded_to_x"),
    (.exampleCount, "Exact"), (.secureAggregation, "sometimes"), (.differentialPrivacy, "no"),
    (.epsilonMaximum, "0"), (.epsilonMaximum, "inf"), (.forbiddenBlocks, "[-1]"),
    (.evaluationSegments, "some"), (.evaluationSegments, ""), (.evaluationAllowed, "maybe"),
    (.updatesAllowed, "1"), (.updateBytesPerRound, "-4"),
    (.hours, "[\"08:00-18:00\"]"), (.payloadPerDay, "1e6"),
  ])
  func valuesThatCannotBeUsedAreQuoted(_ key: PolicyKey, _ value: String) throws {
    let error = try #require(Self.failure(PolicyText().with(key, value).yaml))
    #expect(error.location.field == key.rawValue)
    #expect(error.advice?.contains(key.rule) == true)
  }

  @Test(arguments: [
    "24:00-08:00", "8:00-18:00", "08:00-08:00", "08:00-24:01", "08:60-09:00", "08:00", "nine",
    "08:00-09:00-10:00", "-1:00-02:00",
  ])
  func windowsThatAreNoneAreQuoted(_ window: String) throws {
    let text = PolicyText().with(.hours, "{friday: [\"\(window)\"]}").yaml
    let error = try #require(Self.failure(text))
    #expect(error.location.field == "hours.friday")
    #expect(error.message.contains(window))
  }

  @Test(arguments: [
    "extra: 1\n", "Tasks: any\n", "<<: {tasks: any}\n", "hours : any\n", "\u{FEFF}tasks: any\n",
  ])
  func strayKeysRefuse(_ line: String) {
    #expect(Self.failure(PolicyText().yaml + line) != nil)
  }

  @Test(arguments: ["runs", "blocks", "share", "privacy", "privacy.differential_privacy", "hours"])
  func strayKeysInSectionsAreNamed(_ section: String) throws {
    let text = section == "hours" ? PolicyText().with(.hours, "") : PolicyText()
    var lines = text.yaml.split(separator: "\n").map(String.init)
    if let hours = lines.firstIndex(of: "hours: ") { lines[hours] = "hours:" }
    let name = section.split(separator: ".").last ?? ""
    let index = try #require(
      lines.firstIndex { $0.drop(while: { $0 == " " }) == "\(name):" })
    let depth = section.split(separator: ".").count
    lines.insert(String(repeating: "  ", count: depth) + "surprise: 1", at: index + 1)
    let error = try #require(Self.failure(lines.joined(separator: "\n") + "\n"))
    #expect(error.location.field == "\(section).surprise")
  }

  @Test func noBeginningOfAPolicyIsAPolicy() throws {
    let text = Array(PolicyText().yaml.utf8)
    for count in 0..<text.count {
      #expect(Self.failure(String(decoding: text[..<count], as: UTF8.self)) != nil, "\(count)")
    }
  }

  @Test func noLineCanBeLost() {
    let lines = PolicyText().yaml.split(separator: "\n")
    for index in lines.indices {
      var rest = lines
      rest.remove(at: index)
      #expect(Self.failure(rest.joined(separator: "\n") + "\n") != nil, "\(lines[index])")
    }
  }

  @Test(arguments: ["", "\n\n", "# nothing\n", "---\n", "[]\n", "text\n", "{}\n"])
  func whatSaysNothingRefuses(_ text: String) {
    #expect(Self.failure(text) != nil)
  }

  @Test func keysThatStandTwiceRefuse() {
    #expect(Self.failure(PolicyText().yaml + "federation: hospitals\n") != nil)
    #expect(Self.failure(PolicyText().yaml + "---\ntasks: any\n") != nil)
  }

  @Test func filesThatCannotBeReadRefuse() {
    for path in ["/nowhere/policy.yaml", "/", "/dev/zero"] {
      do {
        _ = try SitePolicy.read(path: path)
        Issue.record("\(path) was read")
      } catch {
        #expect((error as? ZorBAError)?.location.file == path)
      }
    }
  }

  /// A mutation either refuses with the file's name, or is a policy that can judge and explain.
  @Test func mutationsAreErrorsOrPolicies() throws {
    let original = Array(PolicyText().with(.hours, "{monday: [\"08:00-18:00\"]}").yaml.utf8)
    var mutator = Mutator(seed: 5)
    var policies = 0
    for _ in 0..<3000 {
      let text = String(decoding: mutator.mutate(original), as: UTF8.self)
      do {
        let policy = try SitePolicy.parse(text, file: "policy.yaml")
        policies += 1
        _ = policy.admit(run: .fitting)
        _ = policy.admit(round: .fitting, usage: SiteUsage())
        #expect(!PolicyExplanation(policy).text.isEmpty)
      } catch let error as ZorBAError {
        #expect(error.location.file == "policy.yaml")
        #expect(error.advice?.hasSuffix("refuses every run.") == true)
      }
    }
    #expect(policies > 30 && policies < 4000, "\(policies)")
  }
}
