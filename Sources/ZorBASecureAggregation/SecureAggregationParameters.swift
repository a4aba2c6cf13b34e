/// How many share secrets with whom, and how many must agree; chosen, never set by hand.
///
/// There is no other way to make one than ``choose(members:adversaryShare:dropoutShare:minimum:)``,
/// so parameters that exist have the properties it proves. A site chooses for itself and does not
/// take the coordinator's word.
package struct SecureAggregationParameters: Sendable, Hashable {
  /// Members of the group.
  package let members: Int
  /// Members that may collude with each other and the coordinator.
  package let colluders: Int
  /// Members that may drop out without the session failing.
  package let dropouts: Int
  /// With how many others each member masks and shares; `members - 1` is the complete graph.
  package let degree: Int
  /// Shares that recover a secret, and neighbours that every survivor must keep.
  package let threshold: Int
  /// Members without whose survival and signature nothing is unmasked.
  package let minimumSurvivors: Int
  /// The smallest group whose sum may be learnt, as asked for.
  package let minimum: Int

  /// Whether everybody masks and shares with everybody.
  package var isComplete: Bool { degree == members - 1 }

  init(
    members: Int, colluders: Int, dropouts: Int, degree: Int, threshold: Int,
    minimumSurvivors: Int, minimum: Int
  ) {
    self.members = members
    self.colluders = colluders
    self.dropouts = dropouts
    self.degree = degree
    self.threshold = threshold
    self.minimumSurvivors = minimumSurvivors
    self.minimum = minimum
  }

  func write(to writer: inout MessageWriter) {
    for number in [
      members, colluders, dropouts, degree, threshold, minimumSurvivors, minimum,
    ] {
      writer.append(UInt32(number))
    }
  }
}
