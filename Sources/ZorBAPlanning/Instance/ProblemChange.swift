import ZorBADiagnostics

/// One thing that might be different: a site more or less, another budget, another rule.
///
///     client+=BYTES        another client with that budget: an average weight, and the costs and
///                          noise of the client whose budget is nearest
///     client-=CLIENT       a client less, by name or number from 0
///     budget:CLIENT=BYTES  another budget for one client
///     min_clients=N        clients that every block must have
///     deadline=SECONDS     for every client
///
/// Bytes may end in KiB, MiB, GiB or TiB; "none" lifts a budget or the deadline.
package enum ProblemChange: Sendable, Equatable {
  case addClient(budget: Double)
  case removeClient(String)
  case budget(client: String, bytes: Double)
  case minimumClients(Int)
  /// nil lifts it.
  case deadline(Double?)

  /// - Throws: `ZorBAError` with code `invalidConfiguration`.
  package init(_ text: String) throws {
    guard let equals = text.lastIndex(of: "="), equals > text.startIndex else {
      throw Self.unknown(text)
    }
    let key = String(text[..<equals])
    let value = String(text[text.index(after: equals)...])
    switch key {
    case "client+": self = .addClient(budget: try Self.bytes(value, in: text))
    case "client-": self = .removeClient(value)
    case "min_clients":
      guard let count = Int(value), (0...InstanceFile.maximumClients).contains(count) else {
        throw Self.malformed(text, "'\(value.excerpt(limit: 40))' is no number of clients")
      }
      self = .minimumClients(count)
    case "deadline":
      if value == "none" {
        self = .deadline(nil)
        return
      }
      guard let seconds = Double(value), seconds > 0, seconds <= 1e30 else {
        throw Self.malformed(text, "'\(value.excerpt(limit: 40))' is no time")
      }
      self = .deadline(seconds)
    case _ where key.hasPrefix("budget:") && key.utf8.count > 7:
      self = .budget(client: String(key.dropFirst(7)), bytes: try Self.bytes(value, in: text))
    default: throw Self.unknown(text)
    }
  }

  // MARK: - Application

  /// The instance as it would be.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when it names a client that is not there.
  package func applied(to instance: PlanningInstance) throws -> PlanningInstance {
    var changed = instance
    switch self {
    case .addClient(let budget): try Self.append(budget: budget, to: &changed)
    case .removeClient(let client):
      try Self.remove(try Self.index(of: client, in: instance), from: &changed)
    case .budget(let client, let bytes):
      changed.problem.budgets[try Self.index(of: client, in: instance)] = bytes
    case .minimumClients(let count): changed.problem.minimumClients = count
    case .deadline(let seconds): changed.problem.deadline = seconds
    }
    return changed
  }

  private static func append(budget: Double, to instance: inout PlanningInstance) throws {
    let problem = instance.problem
    guard problem.clientCount < InstanceFile.maximumClients,
      (problem.clientCount + 1) * problem.blockCount <= InstanceFile.maximumPairs
    else {
      throw ZorBAError(.invalidConfiguration, "the instance is as large as one may be already")
    }
    let distances = problem.budgets.map { abs(($0 == budget ? 0 : $0 - budget)) }
    let twin = distances.indices.min { distances[$0] < distances[$1] } ?? 0
    var weights = problem.convergence.weights
    weights.append(weights.reduce(0, +) / Double(weights.count))
    var noise = problem.convergence.sensitivity.sampleNoise
    noise.append(noise[twin])
    instance.problem.convergence = problem.convergence.with(weights: weights, sampleNoise: noise)
    instance.problem.sites.append(problem.sites[twin])
    instance.problem.budgets.append(budget)
    var number = problem.clientCount
    while instance.names.contains("client \(number)") { number += 1 }
    instance.names.append("client \(number)")
  }

  private static func remove(_ client: Int, from instance: inout PlanningInstance) throws {
    let problem = instance.problem
    guard problem.clientCount > 1 else {
      throw ZorBAError(.invalidConfiguration, "the last client cannot leave")
    }
    var weights = problem.convergence.weights
    var noise = problem.convergence.sensitivity.sampleNoise
    weights.remove(at: client)
    noise.remove(at: client)
    instance.problem.convergence = problem.convergence.with(weights: weights, sampleNoise: noise)
    instance.problem.sites.remove(at: client)
    instance.problem.budgets.remove(at: client)
    instance.names.remove(at: client)
    func shifted(_ rules: [Int: Set<Int>]) -> [Int: Set<Int>] {
      var result: [Int: Set<Int>] = [:]
      for (other, blocks) in rules where other != client {
        result[other > client ? other - 1 : other] = blocks
      }
      return result
    }
    instance.problem.required = shifted(problem.required)
    instance.problem.forbidden = shifted(problem.forbidden)
  }

  /// A name, or else a number from 0.
  private static func index(of client: String, in instance: PlanningInstance) throws -> Int {
    if let index = instance.names.firstIndex(of: client) { return index }
    if let index = Int(client), instance.names.indices.contains(index) { return index }
    let meant = EditDistance.nearest(to: client, among: Array(instance.names.prefix(1000)))
    throw ZorBAError(
      .invalidConfiguration, "there is no client '\(client.excerpt(limit: 40))'",
      advice: meant.map { "Did you mean '\($0.excerpt(limit: 40))'?" }
        ?? "Use a name, or a number from 0 to \(instance.names.count - 1).")
  }

  // MARK: - Reading

  /// `2048`, `1.5GiB`, `none`.
  private static func bytes(_ value: String, in text: String) throws -> Double {
    if value == "none" { return .infinity }
    var number = value[...]
    var unit = 1.0
    for (suffix, factor) in [("KiB", 0x1p10), ("MiB", 0x1p20), ("GiB", 0x1p30), ("TiB", 0x1p40)]
    where number.hasSuffix(suffix) {
      number = number.dropLast(3)
      unit = factor
      break
    }
    while number.last == " " { number = number.dropLast() }
    guard let count = Double(number), count >= 0, count <= 1e18 else {
      throw malformed(text, "'\(value.excerpt(limit: 40))' is no number of bytes")
    }
    return count * unit
  }

  private static func malformed(_ text: String, _ message: String) -> ZorBAError {
    ZorBAError(
      .invalidConfiguration, "'\(text.excerpt(limit: 80))': \(message)",
      advice: "Examples: client+=8GiB, client-=clinic, budget:clinic=512MiB, min_clients=2, "
        + "deadline=30.")
  }

  private static func unknown(_ text: String) -> ZorBAError {
    malformed(text, "is not a change that is known")
  }
}

extension ConvergenceModel {
  /// The same model for other clients.
  fileprivate func with(weights: [Double], sampleNoise: [[Double]]) -> ConvergenceModel {
    var sensitivity = sensitivity
    sensitivity.sampleNoise = sampleNoise
    return ConvergenceModel(
      sensitivity: sensitivity, parameters: parameters, weights: weights,
      varianceWeight: varianceWeight, directions: Int(directions), seeding: seeding,
      excessKurtosis: excessKurtosis, countsMinibatchNoise: countsMinibatchNoise)
  }
}
