package import ZorBAJSON
import ZorBAPlanning

/// The outcome of a run: what `result.json` holds, and what the report is drawn from.
public struct RunResult: Sendable {
  /// The checkpoint that was fine-tuned.
  public var model: String
  /// Rounds committed.
  public var rounds: Int
  /// The base model on the evaluation rows, where there are any.
  public var before: Evaluation?
  /// The fine-tuned model on the same rows.
  public var after: Evaluation?
  /// The evaluations in between, by round.
  public var evaluations: [(round: Int, evaluation: Evaluation)] = []
  /// Each site's model when it trains alone for as many rounds, on the same rows, if asked for.
  public var alone: [(client: String, evaluation: Evaluation)] = []
  /// Every committed round.
  public var history: [RoundMetrics] = []
  /// The sites.
  public var clients: [String] = []
  /// Training rows of each site.
  public var clientExamples: [String: Int] = [:]
  /// How often each client has each transformer block active, [clients, blocks].
  public var activeShare: [[Double]] = []
  /// Bytes that take the base model to the last round as FedKSeed sends them, a coefficient for every
  /// seed of its pool; nil for other methods. The journal does the same, to the bit.
  public var poolDownloadBytes: Int?
  /// Bytes of the weights at working precision.
  public var weightsBytes = 0
  /// Parameters that some client trained.
  public var trainedParameters = 0
  /// Peak resident memory that was predicted before the run.
  public var predictedPeakBytes = 0
  /// Peak resident memory that was measured.
  public var peakBytes = 0
  /// The forecast of a calibration, where the run had one.
  public var calibratedForecast: RoundForecast?
  /// What crossed the wire in rounds; nil for a simulation.
  public var wire: WireTraffic?
  /// Where the seconds went.
  public var time = TimeLedger()
  /// Digest of the fine-tuned weights, 32 hexadecimal digits.
  public var stateDigest = ""
  /// The journal's path.
  public var journalPath = ""
  /// The journal's size in bytes.
  public var journalBytes = 0
  /// Whether the run ended before its last round and can be resumed.
  public var isIncomplete = false
  /// What each site brought, as far as its answers were seen.
  public var contributions: [Contribution] = []
  /// Sites whose answers were out of line.
  public var contributionAlarms: [ContributionAlarm] = []
  /// Sites and segments that fell behind while the whole improved.
  public var driftAlarms: [DriftAlarm] = []
  /// Rows below which a group is not compared.
  public var minimumCount = FairnessConfiguration().minimumCount
  /// What was spent of a promise of privacy; nil where the run promises nothing.
  public var privacy: PrivacyReport?
  /// What stood between the rows and those who watch; nil where nothing is known of it.
  public var protection: RunProtection?
  /// What the operator was warned of.
  public var warnings: [String] = []

  /// A result with nothing filled in but the model.
  public init(model: String, rounds: Int) {
    self.model = model
    self.rounds = rounds
  }

  /// Payload bytes sent by all sites.
  public var bytesUp: Int { history.reduce(0) { $0 + $1.bytesUp } }
  /// Payload bytes sent to all sites.
  public var bytesDown: Int { history.reduce(0) { $0 + $1.bytesDown } }
  /// Payload bytes in both directions, per client and round.
  public var bytesPerClientPerRound: Double {
    let shares = history.count * clients.count
    return shares == 0 ? 0 : Double(bytesUp + bytesDown) / Double(shares)
  }

  /// (predicted - measured) / measured of the peak memory.
  public var memoryError: Double {
    FitError.relative(predicted: Double(predictedPeakBytes), measured: Double(peakBytes))
  }
  /// The seconds of rounds against a calibration, else against the run's own first rounds; nil when
  /// the run is too short.
  public var roundForecast: RoundForecast? {
    calibratedForecast ?? RoundForecast(firstRoundsOf: history)
  }

  /// The result as `result.json` and `--json` give it.
  package var json: JSONValue {
    guard var object = figures.object else { return figures }
    if let privacy { _ = object.append(.init(key: "privacy", value: privacy.json)) }
    if let protection { _ = object.append(.init(key: "protection", value: protection.json)) }
    return .object(object)
  }

  private var figures: JSONValue {
    [
      "model": .string(model), "rounds": .integer(rounds), "incomplete": .bool(isIncomplete),
      "evaluation": [
        "before": before?.json ?? .null, "after": after?.json ?? .null,
        "alone": .array(
          alone.map { ["client": .string($0.client), "evaluation": $0.evaluation.json] }),
        "during": .array(
          evaluations.map { ["round": .integer($0.round), "evaluation": $0.evaluation.json] }),
      ],
      "bytes": bytesJSON,
      "wire": wire?.json ?? .null,
      "memory": [
        "peak_bytes": .integer(peakBytes), "predicted_bytes": .integer(predictedPeakBytes),
        "error": .number(memoryError), "weights_bytes": .integer(weightsBytes),
      ],
      "time": roundForecast?.json ?? .null,
      "seconds": [
        "total": .number(time.total), "forward": .number(time.forward),
        "update": .number(time.update), "evaluation": .number(time.evaluation),
        "other": .number(time.other),
      ],
      "forward_passes": .integer(forwardPasses),
      "trained_parameters": .integer(trainedParameters),
      "clients": .array(clients.map { .string($0) }),
      "client_examples": .array(clients.map { .integer(clientExamples[$0] ?? 0) }),
      "active_share": .array(activeShare.map { .array($0.map { .number($0) }) }),
      "contributions": [
        "sites": .array(contributions.map(\.json)),
        "alarms": .array(contributionAlarms.map(\.json)),
      ],
      "fairness": fairnessJSON,
      "state_digest": .string(stateDigest),
      "journal": ["path": .string(journalPath), "bytes": .integer(journalBytes)],
      "warnings": .array(warnings.map { .string($0) }),
    ]
  }

  private var bytesJSON: JSONValue {
    var members: [(String, JSONValue)] = [
      ("up", .integer(bytesUp)), ("down", .integer(bytesDown)),
      ("per_client_per_round", .number(bytesPerClientPerRound)),
    ]
    if let poolDownloadBytes {
      let catchUp: [(String, JSONValue)] = [
        ("pool", .integer(poolDownloadBytes)), ("journal", .integer(journalBytes)),
      ]
      members.append(("catch_up", RunConfiguration.object(catchUp)))
    }
    return RunConfiguration.object(members)
  }

  /// The result as JSON text.
  public var jsonText: String { json.serialized }
}
