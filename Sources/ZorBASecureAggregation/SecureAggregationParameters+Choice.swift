import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension SecureAggregationParameters {
  /// Groups up to this size use the complete graph.
  package static let largestCompleteGroup = 32
  /// The statistical security: log2 of the probability that colluders learn more than sums.
  package static let securityExponent = -40.0
  /// log2 of the probability that a session fails although no more than the stated share drops out.
  package static let failureExponent = -20.0
  /// The largest group; positions are kept in maps of bits of this size at most.
  package static let largestGroup = 1 << 16
  /// GF(2^8) has this many points besides zero, and every holder needs one.
  static let largestDegree = 254

  /// Chooses for a group.
  ///
  /// With n members, c = floor(adversaryShare n) colluders and d = floor(dropoutShare n) dropouts,
  /// nothing is unmasked without q = max(minimum, floor((n + c)/2) + 1) signatures under one list of
  /// survivors. An honest member signs one list, so two lists would take 2(q - c) of the n - c honest
  /// ones, and 2q > n + c. The complete graph shares with threshold q - 1: that many neighbours every
  /// survivor keeps, and colluders are fewer.
  ///
  /// Above ``largestCompleteGroup`` the graph is the least even degree k whose threshold t has
  /// (all tails hypergeometric; the neighbours of a member are a uniformly random k-subset)
  ///
  ///     (n - c) P[colluding neighbours >= t - minimum + 2]            <= 2^-40
  ///     n P[k/2 members in a row collude or drop out]                 <= 2^-40
  ///     n P[surviving neighbours <= t - 1]                            <= 2^-20
  ///
  /// The first says more than that colluders hold no t shares: as every survivor keeps t surviving
  /// neighbours, t - (t - minimum + 1) = minimum - 1 of them are honest, so even a coordinator that
  /// picks the dropouts cuts off no fewer than `minimum` honest members. The second keeps honest
  /// survivors connected when dropouts are not picked. Where no degree will do, or the complete
  /// graph is no dearer, it is taken.
  ///
  /// - Parameters:
  ///   - members: The size of the group.
  ///   - adversaryShare: The share of members, below 1/2, that may collude with the coordinator.
  ///   - dropoutShare: The share of members that may drop out of a session that still succeeds.
  ///   - minimum: The smallest number of survivors whose sum may be learnt; at least 3.
  /// - Throws: ``ZorBAError``: `refused` where the group is smaller than the minimum;
  ///   `invalidConfiguration` where shares are out of range or no parameters can stand both.
  package static func choose(
    members: Int, adversaryShare: Double, dropoutShare: Double, minimum: Int
  ) throws -> Self {
    try check(
      members: members, adversaryShare: adversaryShare, dropoutShare: dropoutShare,
      minimum: minimum)
    // A share of 0.3 of 10 is 3, although 0.3 * 10 may be less by a rounding.
    let colluders = Int((adversaryShare * Double(members) + 1e-9).rounded(.down))
    let dropouts = Int((dropoutShare * Double(members) + 1e-9).rounded(.down))
    let quorum = max(minimum, (members + colluders) / 2 + 1)
    guard quorum <= members - dropouts else {
      throw ZorBAError(
        .invalidConfiguration,
        """
        of \(members) members, \(quorum) must survive where \(colluders) may collude, \
        and \(dropouts) may drop out
        """, at: .init(field: "secure_aggregation"),
        advice: "Lower adversary_share or dropout_share: twice the second plus the first is < 1.")
    }
    func parameters(degree: Int, threshold: Int) -> Self {
      Self(
        members: members, colluders: colluders, dropouts: dropouts, degree: degree,
        threshold: threshold, minimumSurvivors: quorum, minimum: minimum)
    }
    if members > largestCompleteGroup,
      let (degree, threshold) = sparse(
        members: members, colluders: colluders, dropouts: dropouts, minimum: minimum)
    {
      return parameters(degree: degree, threshold: threshold)
    }
    guard members - 1 <= largestDegree else {
      throw ZorBAError(
        .invalidConfiguration,
        """
        no degree up to \(largestDegree) keeps \(members) members safe from \(colluders) colluders \
        and alive with \(dropouts) dropouts
        """, at: .init(field: "secure_aggregation"),
        advice: "Lower adversary_share or dropout_share.")
    }
    return parameters(degree: members - 1, threshold: quorum - 1)
  }

  private static func sparse(
    members: Int, colluders: Int, dropouts: Int, minimum: Int
  ) -> (degree: Int, threshold: Int)? {
    let others = Hypergeometric(population: members - 1)
    let everybody = Hypergeometric(population: members)
    let all = log2(Double(members))
    for degree in stride(from: 4, through: min(largestDegree, members - 2), by: 2) {
      let isolated = all + everybody.allMarked(marked: colluders + dropouts, draws: degree / 2)
      guard isolated <= securityExponent else { continue }
      let honest = log2(Double(members - colluders))
      let threshold = (minimum...max(minimum, degree)).first {
        honest + others.upperTail(marked: colluders, draws: degree, least: $0 - minimum + 2)
          <= securityExponent
      }
      guard let threshold, threshold <= degree else { continue }
      let starved =
        all
        + others.lowerTail(
          marked: members - 1 - dropouts, draws: degree, most: threshold - 1)
      if starved <= failureExponent { return (degree, threshold) }
    }
    return nil
  }

  private static func check(
    members: Int, adversaryShare: Double, dropoutShare: Double, minimum: Int
  ) throws {
    for (name, share) in [("adversary_share", adversaryShare), ("dropout_share", dropoutShare)]
    where !(0..<0.5).contains(share) {
      throw ZorBAError(
        .invalidConfiguration, "\(share) is not a share from 0 to below 0.5",
        at: .init(field: "secure_aggregation.\(name)"),
        advice: "A majority that colludes or is gone cannot be defended against.")
    }
    guard minimum >= 3 else {
      throw ZorBAError(
        .invalidConfiguration, "\(minimum) is too small a group",
        at: .init(field: "secure_aggregation.minimum_group"),
        advice: "Of a sum of two each learns the other's part; take 3 at least.")
    }
    guard members >= minimum else {
      throw ZorBAError(
        .refused, "a group of \(members) is smaller than the minimum of \(minimum)",
        at: .init(field: "secure_aggregation.minimum_group"),
        advice: "Give more clients the same blocks, or lower minimum_group if all sites agree.")
    }
    guard members <= largestGroup else {
      throw ZorBAError(
        .invalidConfiguration, "a group of \(members) is larger than \(largestGroup)",
        at: .init(field: "secure_aggregation"), advice: "Split the cohort into several groups.")
    }
  }
}
