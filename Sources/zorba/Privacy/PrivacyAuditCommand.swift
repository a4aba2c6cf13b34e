import ArgumentParser
import ZorBAConsole
import ZorBADiagnostics
import ZorBAJSON
import ZorBAPrivacy
import ZorBAReport

struct PrivacyAuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Attack the mechanism itself, and compare what is found with what is promised.",
    discussion: """
      A canary of the longest vector is in the data or not; an attacker who knows everything but that \
      and the noise adds up what the releases say of it. The epsilon that the attack proves must stay \
      below the one that is promised.
      """)

  @OptionGroup var common: CommonOptions

  @Option(help: "The noise over the clip.")
  var noiseMultiplier: Double

  @Option(help: "The share of rows in a minibatch.")
  var samplingRate = 1.0

  @Option(help: "Uses of the mechanism in one trial.")
  var uses = 1

  @Option(help: "Trials with the canary, and as many without.")
  var trials = 4000

  @Option(help: "The delta of the promise.")
  var delta = 1e-5

  func validate() throws {
    guard (1...100_000).contains(uses), (10...1_000_000).contains(trials) else {
      throw ValidationError("--uses is 1 to 100000, --trials 10 to 1000000.")
    }
    guard delta > 0, delta < 1 else { throw ValidationError("--delta is above 0 and below 1.") }
  }

  func run() throws {
    guard
      let mechanism = SubsampledGaussian(
        samplingRate: samplingRate, noiseMultiplier: noiseMultiplier)
    else {
      throw ZorBAError(
        .invalidConfiguration, "\(samplingRate) and \(noiseMultiplier) cannot be used",
        at: .init(field: "--sampling-rate, --noise-multiplier"),
        advice: "Use a rate above 0 up to 1, and noise from 0.05 to 1e6.")
    }
    let release = GaussianRelease(
      clip: 1, grid: try NoiseGrid(deviation: noiseMultiplier), divisor: 1)
    var random = SystemRandomNumberGenerator()
    func score(present: Bool) -> Double {
      (0..<uses).reduce(0) { sum, _ in
        let isDrawn = present && Double.random(in: 0..<1, using: &random) < samplingRate
        return sum + release.release(isDrawn ? [[1]] : [], dimension: 1, using: &random)[0]
      }
    }
    let audit = EmpiricalAudit(
      present: (0..<trials).map { _ in score(present: true) },
      absent: (0..<trials).map { _ in score(present: false) }, delta: delta)
    let bounds = PrivacyLossAccountant()
      .epsilon(of: [PrivacyEvent(mechanism, count: uses)], delta: delta)
    if common.json {
      let json: JSONValue = [
        "epsilon_found": .number(audit.epsilon), "attack_accuracy": .number(audit.accuracy),
        "epsilon": .number(bounds.upper), "epsilon_lower_bound": .number(bounds.lower),
        "delta": .number(delta), "trials": .integer(2 * trials),
      ]
      Console.output(json.serialized + "\n")
      return
    }
    var table = TextTable(header: ["figure", ""])
    table.append("epsilon promised", NumberFormat.fixed(bounds.upper, 4))
    table.append("epsilon found by the attack, at least", NumberFormat.fixed(audit.epsilon, 4))
    table.append("trials that the attack gets right", NumberFormat.percent(audit.accuracy))
    Console.output(table.rendered())
  }
}
