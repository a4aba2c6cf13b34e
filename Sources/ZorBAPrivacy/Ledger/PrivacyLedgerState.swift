package import ZorBAJSON

/// What has been given away, by account: for a site there is one, for a simulation one a client.
package struct PrivacyLedgerState: Sendable, Equatable {
  /// Uses of one mechanism in one run.
  package struct Entry: Sendable, Equatable {
    /// The run's name.
    package var run: String
    /// SHA-256 of what the run is, in hexadecimal, whatever it is called; nil where only names are
    /// known, as in ledgers from before.
    package var specification: String?
    package var mechanism: SubsampledGaussian
    package var adjacency: Adjacency
    /// Uses that were charged.
    package var count: Int
    /// What the noise grid adds to epsilon, a use.
    package var excess: Double
    /// The delta that the run was promised at.
    package var delta: Double

    package init(
      run: String, specification: String? = nil, mechanism: SubsampledGaussian,
      adjacency: Adjacency, count: Int, excess: Double, delta: Double
    ) {
      self.run = run
      self.specification = specification
      self.mechanism = mechanism
      self.adjacency = adjacency
      self.count = count
      self.excess = excess
      self.delta = delta
    }

    /// Whether both count the same thing.
    func isAlike(_ other: Entry) -> Bool {
      var other = other
      other.count = count
      return run.utf8.elementsEqual(other.run.utf8) && self == other
    }
  }

  /// Everything that one body of data has been asked for.
  package struct Account: Sendable, Equatable {
    package var name: String
    package var entries: [Entry]
  }

  /// Grows with every charge.
  package var generation = 0
  package var accounts: [Account] = []

  package init() {}

  /// The entries of an account; none where it is unknown.
  package func entries(of account: String) -> [Entry] {
    accounts.first { $0.name.utf8.elementsEqual(account.utf8) }?.entries ?? []
  }

  /// Adds uses; counts stop at the largest number rather than start anew.
  mutating func charge(_ account: String, _ entry: Entry) {
    generation += 1
    guard let place = accounts.firstIndex(where: { $0.name.utf8.elementsEqual(account.utf8) })
    else {
      accounts.append(Account(name: account, entries: [entry]))
      return
    }
    guard let same = accounts[place].entries.firstIndex(where: { $0.isAlike(entry) }) else {
      accounts[place].entries.append(entry)
      return
    }
    let (sum, overflow) = accounts[place].entries[same].count
      .addingReportingOverflow(entry.count)
    accounts[place].entries[same].count = overflow ? Int.max : sum
  }
}

extension PrivacyLedgerState {
  /// The version of the format.
  static let version = 1

  package var json: JSONValue {
    [
      "version": .integer(Self.version), "generation": .integer(generation),
      "accounts": .array(
        accounts.map { account in
          [
            "account": .string(account.name),
            "entries": .array(account.entries.map(\.json)),
          ]
        }),
    ]
  }

  /// Nil when something is missing, out of range or of a later version.
  package init?(_ json: JSONValue) {
    guard json["version"]?.integer == Self.version,
      let generation = json["generation"]?.integer, generation >= 0,
      let accounts = json["accounts"]?.array
    else { return nil }
    self.generation = generation
    for account in accounts {
      guard let name = account["account"]?.string, let entries = account["entries"]?.array
      else { return nil }
      var read: [Entry] = []
      for entry in entries {
        guard let entry = Entry(entry) else { return nil }
        read.append(entry)
      }
      self.accounts.append(Account(name: name, entries: read))
    }
  }
}

extension PrivacyLedgerState.Entry {
  fileprivate var json: JSONValue {
    var members: [(String, JSONValue)] = [("run", .string(run))]
    if let specification { members.append(("specification", .string(specification))) }
    members += [
      ("sampling_rate", .number(mechanism.samplingRate)),
      ("noise_multiplier", .number(mechanism.noiseMultiplier)),
      ("adjacency", .string(adjacency.rawValue)), ("count", .integer(count)),
      ("excess", .number(excess)), ("delta", .number(delta)),
    ]
    var object = JSONObject()
    for (key, value) in members { _ = object.append(.init(key: key, value: value)) }
    return .object(object)
  }

  fileprivate init?(_ json: JSONValue) {
    guard let run = json["run"]?.string, let rate = json["sampling_rate"]?.double,
      let sigma = json["noise_multiplier"]?.double,
      let mechanism = SubsampledGaussian(samplingRate: rate, noiseMultiplier: sigma),
      let adjacency = json["adjacency"]?.string.flatMap(Adjacency.init(rawValue:)),
      let count = json["count"]?.integer, count >= 0,
      let excess = json["excess"]?.double, excess >= 0, excess.isFinite,
      let delta = json["delta"]?.double, delta > 0, delta < 1
    else { return nil }
    var specification: String?
    if let value = json["specification"] {
      guard let text = value.string else { return nil }
      specification = text
    }
    self.init(
      run: run, specification: specification, mechanism: mechanism, adjacency: adjacency,
      count: count, excess: excess, delta: delta)
  }
}
