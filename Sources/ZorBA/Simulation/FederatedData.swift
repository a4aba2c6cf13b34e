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
    var shares: [(name: String, examples: [EncodedExample])]
    if case .files = federation.partition {
      shares = try configuration.data.train.map { path in
        (Self.name(ofFile: path), try task.rows(at: path))
      }
    } else {
      let path = configuration.data.train[0]
      let rows = try task.rows(at: path, siteColumn: federation.siteColumn)
      shares = try Self.partition(rows, federation: federation, file: path, runKey: runKey)
    }
    Self.makeDistinct(&shares)
    for share in shares where share.examples.isEmpty {
      throw ZorBAError(
        .invalidData, "client '\(share.name)' has no training rows",
        at: .init(field: "federation.partition"), advice: "Leave it out, or give it rows.")
    }
    clients = shares.enumerated().map { index, share in
      FederationClient(
        name: share.name, examples: share.examples,
        sampler: MinibatchSampler(
          count: share.examples.count, batchSize: configuration.batch.size,
          seed: RunStream.minibatches.seed(runKey: runKey, index: UInt64(index + 1))),
        weight: federation.weights == .examples ? Double(share.examples.count) : 1)
    }
    summary = task.summary(of: shares)
  }

  private static func partition(
    _ rows: [EncodedExample], federation: FederationConfiguration, file: String, runKey: RunKey
  ) throws -> [(name: String, examples: [EncodedExample])] {
    if case .column = federation.partition {
      var order: [String] = []
      var groups: [String: [EncodedExample]] = [:]
      for row in rows {
        let site = row.site ?? ""
        if groups[site] == nil { order.append(site) }
        groups[site, default: []].append(row)
      }
      return order.sorted().map { ($0, groups[$0] ?? []) }
    }
    let seed = RunStream.partition.seed(runKey: runKey, index: 0)
    let plan: PartitionPlan =
      if case .dirichlet(let alpha) = federation.partition { .dirichlet(alpha: alpha) } else {
        .uniform
      }
    let assigned = try plan.assign(
      labels: rows.map(\.label), clients: federation.clients, seed: seed)
    return assigned.enumerated().map { index, indices in
      ("client-\(index + 1)", indices.map { rows[$0] })
    }
  }

  private static func name(ofFile path: String) -> String {
    let file = path.split(separator: "/").last.map(String.init) ?? path
    return file.split(separator: ".").first.map(String.init) ?? file
  }

  /// Two files of one name in different folders get numbers.
  private static func makeDistinct(_ shares: inout [(name: String, examples: [EncodedExample])]) {
    var seen: [String: Int] = [:]
    for index in shares.indices {
      let name = shares[index].name
      seen[name, default: 0] += 1
      if let count = seen[name], count > 1 { shares[index].name = "\(name)-\(count)" }
    }
  }
}

extension FederationConfiguration {
  /// The column that names a row's site, where the partition uses one.
  var siteColumn: String? {
    if case .column(let name) = partition { name } else { nil }
  }
}
