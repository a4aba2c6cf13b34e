public import ZorBAOptimization

/// The sites, how data is spread over them and how much each counts.
public struct FederationConfiguration: Sendable, Equatable {
  /// How training rows are spread over clients.
  public enum Partition: Sendable, Equatable {
    /// Label shares drawn from Dirichlet(alpha); small alpha is skewed.
    case dirichlet(alpha: Double)
    /// Equal random shares.
    case uniform
    /// One client for each value of a column.
    case column(String)
    /// One file a client, as listed under `data.train`.
    case files
  }

  /// The number of clients; a column or file partition, or `sites`, decides it otherwise.
  public var clients = 4
  /// How rows are spread; `files` for runs with sites.
  public var partition = Partition.dirichlet(alpha: 0.5)
  /// The share of clients asked each round, above 0 up to 1.
  public var participation = 1.0
  /// How much a client counts.
  public var weights = ClientWeighting.examples
  /// The sites that may take part, by name; client k is the k-th of them. Empty for runs whose
  /// clients are made from data.
  public var sites: [String] = []
  /// The one client that trains, by name or by number from 1, on its share of the partition and with
  /// its row of the plan; nil for all.
  ///
  /// What a site reaches without the others: data, seeds and plan are those of the federation that it
  /// is taken out of.
  public var only: String?

  // How rounds are run. None of it decides a bit of what an answer does: a run may be resumed with
  // other values.

  /// The share of asked sites that must answer.
  public var quorum = 0.5
  /// Tries at a round before the run pauses.
  public var attempts = 3
  /// Seconds after which a round goes on without those who have not answered; 0 takes it from
  /// measured times.
  public var deadlineSeconds = 0.0
  /// How many more sites are asked than `participation` says, as a share.
  public var overSelection = 0.0
  /// Sites that must be there before round 1; 0 is all of them.
  public var startWith = 0
  /// Rounds between digests of single blocks; 0 asks for none.
  public var digestEvery = 16
  /// Seconds after which a site that is away has left, and plans are made without it.
  public var absenceSeconds = 600.0

  /// Four clients, Dirichlet(0.5), everybody takes part.
  public init() {}

  /// A federation of named sites, each with its own data.
  public init(sites: [String]) {
    self.sites = sites
    clients = sites.count
    partition = .files
  }
}

extension FederationConfiguration {
  /// The same with every key that decides no bits at its default.
  var withoutOperation: FederationConfiguration {
    var kept = self
    let standard = FederationConfiguration()
    kept.quorum = standard.quorum
    kept.attempts = standard.attempts
    kept.deadlineSeconds = standard.deadlineSeconds
    kept.overSelection = standard.overSelection
    kept.startWith = standard.startWith
    kept.digestEvery = standard.digestEvery
    kept.absenceSeconds = standard.absenceSeconds
    return kept
  }

  /// Answers without which a round of a run with sites is tried again; 1 in other runs.
  package func quorum(asked: Int) -> Int {
    guard !sites.isEmpty else { return 1 }
    // Shares are given in decimal: a tenth of thirty is three.
    return max(1, Int((quorum * Double(asked) - 1e-9).rounded(.up)))
  }
}
