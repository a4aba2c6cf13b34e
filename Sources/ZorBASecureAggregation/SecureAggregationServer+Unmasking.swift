import Crypto
import ZorBADiagnostics

/// A share of a member's secret, and who gave it.
struct RecoveredShare: Sendable {
  let holder: Int
  let share: ShamirSharing.Share
}

extension SecureAggregationServer {
  /// How many sets of shares are tried where some are wrong.
  private static let attempts = 200

  mutating func takeUnmasking(_ reader: inout MessageReader, from position: Int) throws {
    guard let graph, let sharing = transcript?.sharing else { return }
    var shares: [(Int, ShamirSharing.Share)] = []
    for other in adjacency[position] where sharing[other] {
      guard try reader.flag() else { continue }
      let bytes = try reader.fixed(32)
      let value = bytes.withUnsafeBytes { $0.loadUnaligned(as: SIMD32<UInt8>.self) }
      shares.append((other, .init(point: graph.point(of: position, for: other), value: value)))
    }
    try reader.finish()
    for (other, share) in shares {
      recovered[other].append(RecoveredShare(holder: position, share: share))
    }
  }

  /// Recovers one secret of everybody who was masked with, and takes the masks off the sum.
  mutating func unmask() throws -> [UInt64] {
    guard let transcript, let sharing = transcript.sharing else { return [] }
    var sum = self.sum
    for position in sharing.positions {
      let member = session.members[position]
      let secret = try recover(position, transcript)
      if survivors[position] {
        try KeyAgreement.selfMask(secret, transcript, of: member)
          .apply(to: &sum, subtracting: true)
      } else {
        let key = try KeyAgreement.key(secret)
        for other in adjacency[position] where survivors[other] {
          let peer = session.members[other]
          let agreed = try KeyAgreement.agree(
            key, with: advertisements[other]?.maskKey ?? [], of: peer)
          try KeyAgreement.pairMask(agreed, transcript, between: member, and: peer)
            .apply(to: &sum, subtracting: peer < member)
        }
      }
    }
    return sum
  }

  /// A secret from its shares, checked against what its owner signed.
  ///
  /// Where the first shares do not give it, one of them is wrong: other sets are tried, and with one
  /// that does, those that do not fit it are named.
  private mutating func recover(
    _ position: Int, _ transcript: Transcript
  ) throws -> SecretBytes {
    let threshold = session.parameters.threshold
    let member = session.members[position]
    let shares = recovered[position]
    guard shares.count >= threshold else {
      throw ZorBAError(
        .refused,
        "\(shares.count) shares of member \(member)'s secret came back and \(threshold) must",
        advice: "Too many dropped out, or the member sealed shares that do not open; try again.")
    }
    var random = try PublicGenerator(
      seed: Labels.digest(.recovery, session.identifier, transcript.roster, member.labelled),
      words: 64)
    var chosen = Array(shares.prefix(threshold))
    for attempt in 0..<Self.attempts {
      let value = ShamirSharing.interpolate(chosen.map(\.share))
      let secret = SecretBytes(count: 32) { $0.storeBytes(of: value, as: SIMD32<UInt8>.self) }
      if try isSecret(secret, of: position) {
        if attempt > 0 { name(shares, whichDoNotFit: chosen, of: member) }
        return secret
      }
      guard shares.count > threshold else { break }
      chosen = Array(shares.shuffled(using: &random).prefix(threshold))
    }
    throw ZorBAError(
      .refused, "the shares of member \(member)'s secret do not give what it committed to",
      advice: "The member dealt wrong shares or too many others gave back wrong ones; try without.")
  }

  private func isSecret(_ secret: SecretBytes, of position: Int) throws -> Bool {
    guard let advertisement = advertisements[position] else { return false }
    if survivors[position] {
      let member = session.members[position]
      return Advertisement.commitment(to: secret, of: member, in: session)
        == advertisement.seedCommitment
    }
    return Array(try KeyAgreement.key(secret).publicKey.rawRepresentation)
      == advertisement.maskKey
  }

  private mutating func name(
    _ shares: [RecoveredShare], whichDoNotFit right: [RecoveredShare], of member: Int
  ) {
    let exact = right.map(\.share)
    let holders = Set(right.map(\.holder))
    for share in shares where !holders.contains(share.holder) {
      guard ShamirSharing.interpolate(exact, at: share.share.point) != share.share.value else {
        continue
      }
      faults.append(
        MemberFault(
          member: session.members[share.holder],
          error: ZorBAError(
            .refused,
            """
            the share of member \(member)'s secret that member \
            \(session.members[share.holder]) gave back does not fit the others
            """, advice: "One of the two is faulty; the sum is right without it.")))
    }
  }
}
