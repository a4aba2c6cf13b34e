/// The end of a run: all sites say where their weights stand, and the journal is closed.
extension RunMachine {
  /// Asks for digests of the final state.
  mutating func compare() -> [Action] {
    phase = .comparing
    digests = [:]
    let asked = current
    pending = Set(asked)
    guard !asked.isEmpty else {
      if knownState != nil { return conclude() }
      reason = "waiting for a site that tells the digest of the final weights"
      return []
    }
    reason = nil
    return [.requestDigests(round: lastCommitted, clients: asked)]
  }

  mutating func stateDigest(
    _ client: Int, _ session: UInt64, _ round: Int, _ digest: [UInt8]
  ) -> [Action] {
    guard phase == .comparing, round == lastCommitted, clients.indices.contains(client),
      clients[client].speaks(on: session), pending.remove(client) != nil
    else { return [] }
    digests[client] = digest
    return compareIfComplete()
  }

  mutating func digestDeadline() -> [Action] {
    guard phase == .comparing else { return [] }
    return digests.isEmpty ? compare() : conclude()
  }

  /// Ends before the deadline when there is nobody left to hear of. Sites that are absent for a
  /// moment are waited for: one site alone should not speak for all. A replica of the caller's does
  /// where no site is there.
  mutating func compareIfComplete() -> [Action] {
    if digests.isEmpty {
      return knownState != nil && current.isEmpty ? conclude() : []
    }
    return expected.allSatisfy({ digests[$0] != nil }) ? conclude() : []
  }

  /// What the weights hash to where the run ends, if a replica of the caller's said so.
  private var knownState: [UInt8]? {
    referenceState?.round == lastCommitted ? referenceState?.digest : nil
  }

  mutating func referState(_ round: Int, _ digest: [UInt8]) -> [Action] {
    guard round <= lastCommitted else { return [] }
    referenceState = (round, digest)
    return phase == .comparing ? compareIfComplete() : []
  }

  private mutating func conclude() -> [Action] {
    pending = []
    switch DigestVote(digests, reference: knownState) {
    case .undecided(let sides):
      pauseRequest =
        "the weights of the sites differ after round \(lastCommitted) and no side has a majority: "
        + sides
      return advance()
    case .decided(let digest, let dissenters):
      let actions = dissenters.map {
        quarantine($0, reason: "its weights differ after round \(lastCommitted)")
      }
      phase = .ending
      reason = nil
      let why = isComplete ? "all rounds committed" : stopRequest ?? "stopped"
      return actions + [.end(round: lastCommitted, digest: digest, reason: why)]
    }
  }

  mutating func ended() -> [Action] {
    guard phase == .ending else { return [] }
    phase = .finished
    return [.finished]
  }
}
