/// What secure aggregation tells of a group of clients that train the same blocks: sums, and who is in
/// them.
package struct GroupSum: Sendable, Hashable {
  /// Whose answers are in the sums, from 0, ascending.
  package var members: [Int]
  /// sum_k w_k c_k, [steps x directions].
  package var scalars: [Double]
  /// sum_k w_k.
  package var weight: Double
  /// sum_k w_k times the mean loss of client k.
  package var loss: Double

  package init(members: [Int], scalars: [Double], weight: Double, loss: Double) {
    self.members = members
    self.scalars = scalars
    self.weight = weight
    self.loss = loss
  }

  /// The weighted means of the scalars.
  package var means: [Double] { scalars.map { $0 / weight } }
  /// The weighted mean of the losses.
  package var meanLoss: Double { loss / weight }
}
