/// What an ordinary round shows of the gradient: who moved which blocks, and the scalars they found.
package struct RoundObservation: Sendable, Equatable {
  /// One client that answered.
  package struct Participant: Sendable, Equatable {
    /// The client, from 0.
    package var client: Int
    /// The blocks it moved. [blocks]
    package var row: [Bool]
    /// Its scalars, step after step; under shared seeding entry i is of one direction for all.
    package var scalars: [HalvedScalar]
    /// Whether the minibatches had halves; if not, only `whole` is used.
    package var hasHalves: Bool
    /// The share of the client's examples that a minibatch holds (`HalvedScalar.noise`).
    package var sampledShare: Double

    package init(
      client: Int, row: [Bool], scalars: [HalvedScalar], hasHalves: Bool = true,
      sampledShare: Double = 0
    ) {
      self.client = client
      self.row = row
      self.scalars = scalars
      self.hasHalves = hasHalves
      self.sampledShare = sampledShare
    }
  }

  package var participants: [Participant]

  package init(participants: [Participant]) { self.participants = participants }
}
