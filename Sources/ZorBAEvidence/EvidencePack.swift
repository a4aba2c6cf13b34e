package import ZorBAAudit
import ZorBAAuditIdentity
import ZorBADiagnostics
package import ZorBAIdentity
package import ZorBAJSON

/// What a data protection impact assessment or a review of model risk asks of a run, filled in from
/// the run's own records.
///
/// Whatever a section says comes from a file that is named with its digest; what no record holds is
/// said to be unknown.
package struct EvidencePack: Sendable {
  package let journal: JournalFacts
  package let documents: RunDocuments
  package let logs: [LogFacts]
  /// The version that made the pack.
  package let software: String
  let result: JSONValue?

  /// Reads a run's folder and whatever logs are given.
  ///
  /// - Parameters:
  ///   - folder: A simulation's folder, or a run's on the coordinator.
  ///   - logs: Audit logs: the coordinator's, the sites'.
  ///   - run: The run's name in the logs; nil finds it by the specification.
  /// - Throws: `ZorBAError` when the journal's header, or a log, cannot be read.
  package init(
    folder: String, logs: [String], run: String? = nil, anchors: [AuditAnchor] = [],
    authority: TrustAnchor? = nil, software: String
  ) throws {
    documents = try RunDocuments(folder: folder)
    let journal = try JournalFacts(path: "\(folder)/run.zorba")
    self.journal = journal
    self.logs = try logs.map { path in
      // An anchor is of one log: of the one with its key.
      let key = try AuditVerifier.verify(LogFiles(path).all).head?.key
      return try LogFacts(
        path: path, run: run, journal: journal, anchors: anchors.filter { $0.key == key },
        authority: authority)
    }
    self.software = software
    result = documents.json("result.json")
  }

  /// Whether journal and logs are whole and agree.
  package var isSound: Bool { journal.fault == nil && logs.allSatisfy(\.isSound) }

  /// A section of the configuration as the journal has it; nil where the run left it at its default.
  func section(_ key: String) -> JSONValue? { journal.configuration[key] }

  /// Names of the sites or clients, in the order of their numbers.
  package var clients: [String] {
    let listed = journal.configuration["federation"]?["sites"]?.array ?? result?["clients"]?.array
    if let listed { return listed.compactMap(\.string) }
    let count = journal.configuration["federation"]?["clients"]?.integer ?? 0
    return (0..<max(0, min(count, 1 << 16))).map { "client \($0 + 1)" }
  }

  /// Rows that each client told of, by name: from the outcome, or from the coordinator's log.
  var examples: [String: Int] {
    var counts = logs.reduce(into: [String: Int]()) {
      $0.merge($1.examples) { _, newest in newest }
    }
    let told = result?["client_examples"]?.array ?? []
    for (name, count) in zip(clients, told) {
      if let count = count.integer, count > 0 { counts[name] = count }
    }
    return counts
  }

  /// Everything as one object.
  package var json: JSONValue {
    let evaluation = result?["evaluation"] ?? .null
    return [
      "software": .string(software), "sound": .bool(isSound), "journal": journal.json,
      "configuration": journal.configuration,
      "clients": .array(
        clients.enumerated().map { index, name in
          [
            "name": .string(name), "rounds": .integer(journal.participation[index + 1] ?? 0),
            "examples_told": examples[name].map { .integer($0) } ?? .null,
          ]
        }),
      "plans": .array(
        journal.plans.map {
          ["first_round": .integer($0.firstRound), "sha256": .string($0.digest)]
        }),
      "privacy": [
        "secure_aggregation": section("secure_aggregation") ?? .null,
        "differential_privacy": section("differential_privacy") ?? .null,
        "aggregation": section("aggregation") ?? .null,
        "fairness": section("fairness") ?? .null, "outcome": result?["privacy"] ?? .null,
      ],
      "wire": result?["wire"] ?? .null, "bytes": result?["bytes"] ?? .null,
      "evaluation": evaluation, "logs": .array(logs.map(\.json)),
      "files": documents.listing,
      "known_limits": .array(KnownLimits.sentences.map { .string($0) }),
    ]
  }
}
