import ZorBA
import ZorBAConfiguration
import ZorBADiagnostics

extension SitePolicy {
  /// Reads a policy.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming file, line and key. Whoever has
  ///   no policy refuses every run.
  package static func read(path: String) throws -> SitePolicy {
    do {
      return try parse(SettingsText(path: path).text, file: path)
    } catch let error as ZorBAError {
      throw refusingEverything(error)
    }
  }

  /// Reads a policy from YAML text.
  ///
  /// The text ends in a line break and no key has a default, so no beginning of a policy is a
  /// policy: a file that was cut short refuses.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming line and key.
  package static func parse(_ text: String, file: String) throws -> SitePolicy {
    do {
      try SettingsText.checkNotEmpty(
        text, file: file, advice: "Write every key; docs/site-policy.md has an example.")
      guard text.utf8.last == UInt8(ascii: "\n") else {
        throw ZorBAError(
          .invalidConfiguration, "does not end in a line break; it may have been cut short",
          at: .init(file: file), advice: "Check the last line and end it with a line break.")
      }
      let node = try ConfigurationNode(parsing: text, file: file)
      return try SitePolicy(ConfigurationSection(node, file: file, path: ""))
    } catch let error as ZorBAError {
      throw refusingEverything(error)
    }
  }

  private static func refusingEverything(_ error: ZorBAError) -> ZorBAError {
    let consequence = "Until then this site refuses every run."
    var error = error
    if error.advice?.hasSuffix(consequence) != true {
      error.advice = (error.advice ?? "Put the policy right.") + " " + consequence
    }
    return error
  }

  private init(_ root: ConfigurationSection) throws {
    let reader = PolicyReader(root)
    file = root.file
    federation = try reader.text(.federation)
    runNames = try reader.allowance(.runNames) { NamePattern($0) }
    specifications = try reader.allowance(.specifications) { Self.digest($0, digits: 64) }
    baseModels = try reader.allowance(.baseModels) { Self.digest($0, digits: 32) }
    tasks = try reader.allowance(.tasks) { TaskConfiguration.Kind(rawValue: $0) }
    templates = try reader.allowance(.templates) { $0 }
    columns = try reader.allowance(.columns) { $0 }
    mostBlocks = try reader.limit(.mostBlocks)
    forbiddenBlocks = Set(
      try reader.list(.forbiddenBlocks) { Int($0).flatMap { $0 >= 0 ? $0 : nil } })
    mostLocalSteps = try reader.limit(.mostLocalSteps)
    mostDirections = try reader.limit(.mostDirections)
    smallestBatch = try reader.number(.smallestBatch, from: 1)
    mostRounds = try reader.limit(.mostRounds)
    mostRoundsPerDay = try reader.limit(.mostRoundsPerDay)
    hours = try reader.hours(.hours)
    payloadPerRound = try reader.limit(.payloadPerRound)
    payloadPerDay = try reader.limit(.payloadPerDay)
    // A policy that was written before there were dense updates allows none.
    let knowsUpdates = reader.has("updates")
    allowsUpdates = try knowsUpdates && reader.flag(.updatesAllowed)
    updateBytesPerRound = knowsUpdates ? try reader.limit(.updateBytesPerRound) : 0
    allowsEvaluation = try reader.flag(.evaluationAllowed)
    fewestEvaluationExamples = try reader.number(.fewestEvaluationExamples, from: 0)
    // A policy that was written before sites told of segments does not let them.
    allowsSegments =
      try reader.has(.evaluationSegments) && reader.flag(.evaluationSegments)
    let knowsColumns = try allowsSegments || reader.has(.segmentColumns)
    segmentColumns = knowsColumns ? try reader.allowance(.segmentColumns) { $0 } : .only([])
    let count = try reader.text(.exampleCount)
    guard let exampleCount = SharedFields.ExampleCount(count) else {
      throw try reader.failure(.exampleCount, "'\(count.excerpt())' is not known")
    }
    share = SharedFields(
      losses: try reader.flag(.shareLosses), timings: try reader.flag(.shareTimings),
      peakMemory: try reader.flag(.sharePeakMemory), exampleCount: exampleCount)
    switch try reader.text(.secureAggregation) {
    case "required": requiresSecureAggregation = true
    case "optional": requiresSecureAggregation = false
    case let text:
      throw try reader.failure(.secureAggregation, "'\(text.excerpt())' is not known")
    }
    requiresDifferentialPrivacy = try reader.flag(.differentialPrivacy)
    epsilonMaximum = try reader.positiveLimit(.epsilonMaximum)
    minimumCohort = try reader.number(.minimumCohort, from: 1)
    try reader.finish()
    lines = reader.lines
  }

  private static func digest(_ text: String, digits: Int) -> String? {
    let isDigest =
      text.utf8.count == digits
      && text.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
      }
    return isDigest ? text.lowercased() : nil
  }
}
