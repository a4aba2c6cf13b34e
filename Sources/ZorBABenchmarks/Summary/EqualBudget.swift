/// What every method of a regime had at least: there they can be compared fairly.
package struct EqualBudget: Sendable, Equatable {
  package var rounds: Int
  package var seconds: Double

  /// The least of several cells; nil for none.
  ///
  /// - Parameter cells: The cells by method.
  init?(_ cells: [[CellMeasurement]]) {
    let ends = cells.compactMap { cells -> (rounds: Int, seconds: Double)? in
      let ends = cells.compactMap(\.curve.last)
      guard let rounds = ends.map(\.round).min() else { return nil }
      return (rounds, ends.reduce(0) { $0 + $1.seconds } / Double(ends.count))
    }
    guard let rounds = ends.map(\.rounds).min(), let seconds = ends.map(\.seconds).min() else {
      return nil
    }
    self.rounds = rounds
    self.seconds = seconds
  }
}

extension CellMeasurement {
  /// The accuracy of the last evaluation until a round.
  package func accuracy(atRound round: Int) -> Double? {
    curve.last { $0.round <= round }?.accuracy
  }

  /// The accuracy of the last evaluation until so many seconds of training.
  package func accuracy(atSecond second: Double) -> Double? {
    // A seed that was a little slower than the mean has its last evaluation a little later.
    curve.last { $0.seconds <= second * 1.02 }?.accuracy
  }
}
