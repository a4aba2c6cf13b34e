/// The end of a run: all sites say where their weights stand, and the journal is closed.
extension RunMachine {
  /// Asks for digests of the final state.
  mutating func compare() -> [Action] {
    phase = .comparing
    digests = [:]
    let asked = current
    pending = Set(asked)
    guard !asked.isEmpty else {
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
  /// moment are waited for: one site alone should not speak for all.
  mutating func compareIfComplete() -> [Action] {
    guard !digests.isEmpty, expected.allSatisfy({ digests[$0] != nil }) else { return [] }
    return conclude()
  }

  private mutating func conclude() -> [Action] {
    pending = []
    switch DigestVote(digests) {
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
