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
  /// The accuracy after a round, in between evaluations on the straight line through them.
  package func accuracy(atRound round: Int) -> Double? {
    accuracy(at: Double(round)) { Double($0.round) }
  }

  /// The accuracy after so many seconds of training, in between evaluations on the straight line
  /// through them.
  package func accuracy(atSecond second: Double) -> Double? { accuracy(at: second) { $0.seconds } }

  private func accuracy(at place: Double, _ axis: (CurvePoint) -> Double) -> Double? {
    guard let next = curve.firstIndex(where: { axis($0) >= place }) else {
      return curve.last?.accuracy
    }
    guard let after = curve[next].accuracy else { return nil }
    guard next > 0, let before = curve[next - 1].accuracy else { return after }
    let (start, end) = (axis(curve[next - 1]), axis(curve[next]))
    return end > start ? before + (after - before) * (place - start) / (end - start) : after
  }
}
