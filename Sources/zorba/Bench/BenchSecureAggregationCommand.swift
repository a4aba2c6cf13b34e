import ArgumentParser
import ZorBAConsole
import ZorBADiagnostics
import ZorBAJSON
import ZorBAReport
import ZorBASecureAggregation

struct BenchSecureAggregationCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "secure-aggregation",
    abstract: "Measure bytes and processor time of sessions of secure aggregation.",
    discussion: """
      All members and the coordinator run in this process, one after the other, with Ed25519 signatures
      and no certificates. The stated share drops out after its secrets are shared, where masks are
      dearest to take off.
      """)

  @OptionGroup var common: CommonOptions

  @Option(help: "Members of the sessions.")
  var members: [Int] = [10, 100]

  @Option(help: "Scalars of an answer: directions times local steps.")
  var scalars = 32

  @Option(help: "The share of members that may collude.")
  var adversaryShare = 0.33

  @Option(help: "The share of members that may drop out, and does.")
  var dropoutShare = 0.2

  func run() throws {
    guard (1...1 << 20).contains(scalars) else {
      throw ZorBAError(
        .invalidConfiguration, "\(scalars) scalars cannot be measured",
        at: .init(field: "--scalars"),
        advice: "Use 1 to 1048576.")
    }
    var results: [SecureAggregationMeasurement] = []
    var progress = ProgressLine(label: "session", total: members.count, isQuiet: common.quiet)
    for (index, count) in members.enumerated() {
      results.append(
        try .measure(
          members: count, vectorLength: scalars + 2, adversaryShare: adversaryShare,
          dropoutShare: dropoutShare))
      progress.update(done: index + 1, detail: "\(count) members")
    }
    progress.finish()
    Console.output(
      common.json
        ? JSONValue.array(results.map(\.json)).serialized + "\n" : Self.table(results))
  }

  private static func table(_ results: [SecureAggregationMeasurement]) -> String {
    var table = TextTable(
      header: [
        "members", "neighbours", "quorum", "dropped", "up, B a site", "down, B a site",
        "ms a site", "coordinator, s",
      ])
    for result in results {
      let parameters = result.parameters
      table.append(
        "\(parameters.members)", "\(parameters.degree)", "\(parameters.minimumSurvivors)",
        "\(result.dropped)", "\(result.cost.bytesUp / parameters.members)",
        "\(result.cost.bytesDown / parameters.members)",
        NumberFormat.fixed(result.siteMilliseconds, 2),
        NumberFormat.fixed(result.cost.serverSeconds, 3))
    }
    return table.rendered()
  }
}

extension SecureAggregationMeasurement {
  /// Processor milliseconds of a site, of all of them on average.
  fileprivate var siteMilliseconds: Double {
    cost.siteSeconds * 1000 / Double(parameters.members)
  }

  fileprivate var json: JSONValue {
    [
      "members": .integer(parameters.members), "neighbours": .integer(parameters.degree),
      "threshold": .integer(parameters.threshold),
      "quorum": .integer(parameters.minimumSurvivors), "dropped": .integer(dropped),
      "words": .integer(vectorLength),
      "bytes_up_per_site": .integer(cost.bytesUp / parameters.members),
      "bytes_down_per_site": .integer(cost.bytesDown / parameters.members),
      "site_milliseconds": .number(siteMilliseconds),
      "coordinator_seconds": .number(cost.serverSeconds),
    ]
  }
}
