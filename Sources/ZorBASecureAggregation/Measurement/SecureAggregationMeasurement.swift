/// What a session costs a site and the coordinator, measured by running one.
package struct SecureAggregationMeasurement: Sendable {
  /// The parameters that were chosen.
  package var parameters: SecureAggregationParameters
  /// Words a vector.
  package var vectorLength: Int
  /// Members that dealt shares and then dropped out.
  package var dropped: Int
  /// What all of it took.
  package var cost: InProcessExchange.Cost

  /// Runs one session of `members` of whom the stated share drops out where masks are hardest to
  /// take off: after shares are dealt and before vectors are there.
  ///
  /// - Throws: As ``SecureAggregationParameters/choose(members:adversaryShare:dropoutShare:minimum:)``.
  package static func measure(
    members: Int, vectorLength: Int, adversaryShare: Double = 0.33, dropoutShare: Double = 0.2
  ) throws -> Self {
    let identities = InProcessIdentities(members: Array(0..<members))
    return try measure(
      members: members, vectorLength: vectorLength, adversaryShare: adversaryShare,
      dropoutShare: dropoutShare, verifier: identities, signer: { try identities.signer(of: $0) })
  }

  /// As above, with signatures of another kind.
  package static func measure(
    members: Int, vectorLength: Int, adversaryShare: Double = 0.33, dropoutShare: Double = 0.2,
    verifier: any IdentityVerifier, signer: @escaping (Int) throws -> any IdentitySigner
  ) throws -> Self {
    let parameters = try SecureAggregationParameters.choose(
      members: members, adversaryShare: adversaryShare, dropoutShare: dropoutShare, minimum: 3)
    let group = Array(0..<members)
    let session = try SecureSession(
      federation: "measurement", run: "measurement", header: [], round: 0, attempt: 0,
      members: group, vectorLength: vectorLength, parameters: parameters)
    var exchange = InProcessExchange(session: session, verifier: verifier, signer: signer)
    let vector = [UInt64](repeating: 1, count: vectorLength)
    let survivors = group.dropLast(parameters.dropouts)
    _ = try exchange.run(
      vectors: Dictionary(uniqueKeysWithValues: survivors.map { ($0, vector) }))
    return Self(
      parameters: parameters, vectorLength: vectorLength, dropped: parameters.dropouts,
      cost: exchange.cost)
  }

  /// One line for a person: bytes and milliseconds a site, and the coordinator's seconds.
  package var line: String {
    let members = parameters.members
    let milliseconds = (cost.siteSeconds * 1e5 / Double(members)).rounded() / 100
    let seconds = (cost.serverSeconds * 100).rounded() / 100
    return """
      \(members) members, degree \(parameters.degree), threshold \(parameters.threshold), \
      \(dropped) dropped, \(vectorLength) words: up \(cost.bytesUp / members) B a site, \
      down \(cost.bytesDown / members) B a site, \(milliseconds) ms a site, \
      coordinator \(seconds) s
      """
  }
}
