import ZorBAData
import ZorBADiagnostics
import ZorBAOptimization

/// The training rows of a run, spread over its clients.
struct FederatedData {
  let clients: [FederationClient]
  /// Rows, labels, token lengths and shares, as tables to show before the run.
  let summary: String

  /// - Throws: `ZorBAError` when a file cannot be used or leaves a client without rows.
  init(_ configuration: RunConfiguration, task: RunTask, runKey: RunKey) throws {
    let federation = configuration.federation
    let dataset: Dataset
    let plan: PartitionPlan
    var names: [String]
    switch federation.partition {
    case .files:
      let joined = try task.rows(ofClients: configuration.data.train)
      dataset = joined.dataset
      plan = .files(counts: joined.counts)
      names =
        federation.sites.isEmpty
        ? Self.distinct(configuration.data.train.map(Self.name(ofFile:))) : federation.sites
    case .column:
      dataset = try task.rows(at: configuration.data.train[0])
      plan = .bySite
      names = PartitionPlan.siteNames(dataset.examples.map(\.site))
    case .dirichlet(let alpha):
      dataset = try task.rows(at: configuration.data.train[0])
      plan = .dirichlet(alpha: alpha)
      names = (1...federation.clients).map { "client-\($0)" }
    case .uniform:
      dataset = try task.rows(at: configuration.data.train[0])
      plan = .uniform
      names = (1...federation.clients).map { "client-\($0)" }
    }
    let shares = try dataset.partitioned(
      plan, clients: names.count,
      seed: RunStream.partition.seed(runKey: runKey, index: 0))
    clients = shares.enumerated().map { index, share in
      FederationClient(
        names[index], number: index + 1, examples: share.map { dataset.examples[$0] },
        configuration: configuration, runKey: runKey)
    }
    summary =
      dataset.summary.table + "\n"
      + PartitionSummary(shares, of: dataset, clients: names).table
  }

  private static func name(ofFile path: String) -> String {
    let file = path.split(separator: "/").last.map(String.init) ?? path
    return file.split(separator: ".").first.map(String.init) ?? file
  }

  /// Two files of one name in different folders get numbers.
  private static func distinct(_ names: [String]) -> [String] {
    var taken = Set(names)
    var seen: Set<String> = []
    return names.map { name in
      if seen.insert(name).inserted { return name }
      var number = 2
      while taken.contains("\(name)-\(number)") { number += 1 }
      let fresh = "\(name)-\(number)"
      taken.insert(fresh)
      return fresh
    }
  }
}

extension FederationConfiguration {
  /// The column that names a row's site, where the partition uses one.
  var siteColumn: String? {
    if case .column(let name) = partition { name } else { nil }
  }
}
