import ZorBADiagnostics
import ZorBAJSON

extension BenchmarkSuite {
  /// Every cell, in the order in which they run: a whole comparison at the first seed, then the next.
  ///
  /// - Parameter pooled: The file that holds all rows of a task's training files, where there are
  ///   several and a regime needs them in one.
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when a task does not say what a regime
  ///   needs to know.
  package func cells(pooled: (SuiteTask) throws -> String) throws -> [BenchmarkCell] {
    var cells: [BenchmarkCell] = []
    var known: Set<String> = []
    for seed in seeds {
      for task in tasks {
        for alpha in alphas.isEmpty ? [nil] : alphas.map(Optional.some) {
          for method in methods {
            for regime in regimes where method.regimes.contains(regime) {
              let cell = try cell(task, regime, method, alpha: alpha, seed: seed, pooled: pooled)
              // A centralised cell is the same for every skew.
              if known.insert(cell.id).inserted { cells.append(cell) }
            }
          }
        }
      }
    }
    guard !cells.isEmpty else {
      throw ZorBAError(
        .invalidConfiguration, "no method of the suite runs in any of its regimes",
        at: .init(field: "regimes"), advice: "List the regimes that the methods are for.")
    }
    return cells
  }

  private func cell(
    _ task: SuiteTask, _ regime: Regime, _ method: SuiteMethod, alpha: Double?, seed: UInt64,
    pooled: (SuiteTask) throws -> String
  ) throws -> BenchmarkCell {
    let ownPartition = task.partitionKind == "files" || task.partitionKind == "column"
    let alpha = regime == .centralised || ownPartition ? nil : alpha
    var run = task.run.merging(method.preset.run)
    if regime != .federated { run = run.merging(method.preset.alone) }
    run = run.merging(method.changes)
    if let changes = task.changes[method.name] { run = run.merging(changes) }
    if let alpha {
      run = run.setting(
        ["federation", "partition"], to: ["kind": "dirichlet", "alpha": .number(alpha)])
    }
    // Seeds beyond 2^53 do not occur: the suite refuses them.
    run = run.setting(["seed"], to: .integer(Int(clamping: seed)))
    var parts: [BenchmarkCell.Part] = []
    switch regime {
    case .federated: parts = [.init(name: "run", site: nil, run: run)]
    case .centralised:
      parts = [.init(name: "run", site: nil, run: try centralised(run, task, pooled: pooled))]
    case .isolated:
      parts = try (1...siteCount(of: task)).map { site in
        .init(
          name: "site-\(site)", site: site,
          run: run.setting(["federation", "only"], to: .string("\(site)")))
      }
    }
    let skew = alpha.map { ".a\($0)" } ?? ""
    return BenchmarkCell(
      id: "\(task.name).\(regime.rawValue).\(method.name)\(skew).s\(seed)", task: task.name,
      regime: regime, method: method.name, alpha: alpha, seed: seed, parts: parts)
  }

  /// One client with all rows, and a minibatch of as many rows as all asked sites have together.
  private func centralised(
    _ run: RunFragment, _ task: SuiteTask, pooled: (SuiteTask) throws -> String
  ) throws -> RunFragment {
    var central = run.setting(
      ["federation"], to: ["clients": 1, "partition": ["kind": "uniform"]])
    if let files = task.trainingFiles, files.count > 1 {
      central = central.setting(["data", "train"], to: .string(try pooled(task)))
    }
    guard poolsBatches else { return central }
    let share = run["federation", "participation"]?.double ?? 1
    let asked = max(1, (share * Double(try siteCount(of: task))).rounded())
    let size = run["batch", "size"]?.integer ?? 16
    return central.setting(
      ["batch", "size"], to: .integer(Int(min(Double(size) * asked, 65_536))))
  }

  /// The sites of a task.
  ///
  /// - Throws: `ZorBAError` when only the data would tell.
  package func siteCount(of task: SuiteTask) throws -> Int {
    switch task.partitionKind {
    case "files": return max(1, task.trainingFiles?.count ?? 1)
    case "column":
      throw ZorBAError(
        .invalidConfiguration, "is by a column, so its sites cannot be told apart beforehand",
        at: .init(field: "tasks.\(task.name).federation.partition"),
        advice: "Give one file a site with the kind 'files', or leave isolated and centralised out."
      )
    default:
      let clients = task.run["federation", "clients"]
      guard let count = clients.map(\.integer) ?? 4, (1...10_000).contains(count) else {
        throw ZorBAError(
          .invalidConfiguration, "is not a number of sites",
          at: .init(field: "tasks.\(task.name).federation.clients"), advice: "Use 1 to 10000.")
      }
      return count
    }
  }
}

extension SuiteTask {
  /// How the task's rows are spread, where it says so.
  var partitionKind: String? { run["federation", "partition", "kind"]?.string }

  /// The files of training rows.
  package var trainingFiles: [String]? {
    switch run["data", "train"] {
    case .string(let file): [file]
    case .array(let files): files.compactMap(\.string)
    default: nil
    }
  }
}
