import ZorBADiagnostics

extension FederationConfiguration {
  /// The most sites of a run: what a round of the journal can list.
  package static let maximumSites = 1 << 16
  /// The most seconds a deadline or an absence may last: some thirty years.
  package static let longestSeconds = 1e9
  package static let siteNameRule =
    "1 to 63 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit"

  /// Whether a site may be called so: names stand in certificates, folders and logs.
  package static func isSiteName(_ name: String) -> Bool {
    let bytes = name.utf8
    func isAlphanumeric(_ byte: UInt8) -> Bool {
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
    guard let first = bytes.first, isAlphanumeric(first), bytes.count <= 63 else { return false }
    return bytes.allSatisfy { isAlphanumeric($0) || "._-".utf8.contains($0) }
  }

  /// The first rule of sites, and of how rounds with them are run, that does not hold; nil when all
  /// do.
  package var fault: RunConfiguration.Fault? { rosterFault ?? onlyFault ?? operationFault }

  private var onlyFault: RunConfiguration.Fault? {
    guard let only else { return nil }
    guard sites.isEmpty else {
      return (
        "federation.only", "'\(only.excerpt())'",
        "a run whose clients are made from data, without federation.sites"
      )
    }
    return only.isEmpty ? ("federation.only", "''", "a client's name, or its number from 1") : nil
  }

  private var rosterFault: RunConfiguration.Fault? {
    guard !sites.isEmpty else {
      return self == withoutOperation
        ? nil
        : (
          "federation.sites", "An empty list",
          "the names of the sites: quorum, attempts, deadline_seconds, over_selection, start_with, "
            + "digest_every and absence_seconds are about them"
        )
    }
    if let name = sites.first(where: { !Self.isSiteName($0) }) {
      return ("federation.sites", "'\(name.excerpt())'", Self.siteNameRule)
    }
    guard sites.count <= Self.maximumSites else {
      return ("federation.sites", "A list of \(sites.count)", "at most \(Self.maximumSites) sites")
    }
    guard Set(sites).count == sites.count else {
      return ("federation.sites", "A list with a name twice", "every name once")
    }
    guard clients == sites.count else {
      return (
        "federation.clients", "\(clients)", "\(sites.count), the number of sites, or leave it out"
      )
    }
    guard partition == .files else {
      return (
        "federation.partition.kind", "A partition of data for a run with sites",
        "'files', or leave it out: every site has its own data"
      )
    }
    return nil
  }

  private var operationFault: RunConfiguration.Fault? {
    let seconds = 0...Self.longestSeconds
    let rules: [(holds: Bool, key: String, value: Any, rule: String)] = [
      (quorum > 0 && quorum <= 1, "quorum", quorum, "a share above 0, at most 1"),
      ((1...1000).contains(attempts), "attempts", attempts, "1 to 1000"),
      (
        seconds.contains(deadlineSeconds), "deadline_seconds", deadlineSeconds,
        "seconds from 0 to 1e9"
      ),
      ((0...100).contains(overSelection), "over_selection", overSelection, "a share from 0 to 100"),
      (
        startWith == 0 || (1...max(1, sites.count)).contains(startWith), "start_with", startWith,
        "0 to \(sites.count)"
      ),
      (
        (0...1_000_000_000).contains(digestEvery), "digest_every", digestEvery, "0 to 1000000000"
      ),
      (
        absenceSeconds > 0 && seconds.contains(absenceSeconds), "absence_seconds", absenceSeconds,
        "seconds above 0, at most 1e9"
      ),
    ]
    guard let broken = rules.first(where: { !$0.holds }) else { return nil }
    return ("federation.\(broken.key)", "\(broken.value)", broken.rule)
  }
}
