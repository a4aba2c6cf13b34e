import ArgumentParser
import ZorBAConsole
import ZorBADiagnostics
import ZorBAJSON
import ZorBAPrivacy
import ZorBAReport

struct PrivacyLedgerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ledger",
    abstract: "Show what a site, or the sites of a simulation, have spent over all runs.")

  @OptionGroup var common: CommonOptions

  @Argument(help: "A site's state folder, or a simulation's run folder.")
  var folder: String

  func run() throws {
    guard let state = try PrivacyLedger.read(folder: folder) else {
      throw ZorBAError(
        .invalidConfiguration, "there is no privacy ledger here", at: .init(file: folder),
        advice: "Give a site's state folder or the folder of a run with differential_privacy.")
    }
    var table = TextTable(
      header: ["account", "run", "noise", "rate", "uses", "delta", "epsilon", "at least"])
    var accounts: [JSONValue] = []
    for account in state.accounts {
      let delta = account.entries.map(\.delta).min() ?? PrivacyMeter.largestTotalDelta
      var runs: [JSONValue] = []
      for entry in account.entries {
        let bounds = PrivacySpending([entry], delta: entry.delta).bounds()
        table.append(
          account.name, entry.run, NumberFormat.fixed(entry.mechanism.noiseMultiplier, 4),
          NumberFormat.fixed(entry.mechanism.samplingRate, 6), "\(entry.count)",
          "\(entry.delta)", NumberFormat.fixed(bounds.upper, 4),
          NumberFormat.fixed(bounds.lower, 4))
        runs.append([
          "run": .string(entry.run), "uses": .integer(entry.count),
          "noise_multiplier": .number(entry.mechanism.noiseMultiplier),
          "sampling_rate": .number(entry.mechanism.samplingRate),
          "neighbours": .string(entry.adjacency.rawValue), "delta": .number(entry.delta),
          "epsilon": .number(bounds.upper), "epsilon_lower_bound": .number(bounds.lower),
        ])
      }
      let total = PrivacySpending(
        account.entries, delta: min(delta, PrivacyMeter.largestTotalDelta)
      ).bounds()
      table.append(
        account.name, "all runs", "", "", "\(account.entries.reduce(0) { $0 + $1.count })",
        "\(min(delta, PrivacyMeter.largestTotalDelta))", NumberFormat.fixed(total.upper, 4),
        NumberFormat.fixed(total.lower, 4))
      accounts.append([
        "account": .string(account.name), "runs": .array(runs),
        "epsilon": .number(total.upper), "epsilon_lower_bound": .number(total.lower),
        "delta": .number(min(delta, PrivacyMeter.largestTotalDelta)),
      ])
    }
    if common.json {
      let json: JSONValue = ["accounts": .array(accounts)]
      Console.output(json.serialized + "\n")
    } else {
      Console.output(table.rendered())
    }
  }
}
