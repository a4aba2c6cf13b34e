extension ForwardPass {
  /// x ← x / max(‖x‖, 10⁻¹²), row by row, in place.
  ///
  /// With y the result and dy its gradient, the gradient of x is (dy − y (y · dy)) / ‖x‖.
  func normaliseRows(_ x: Activation) {
    let norms = recordRowNormalisation(x)
    parallelRows(of: x) { branch, rows in
      for row in rows {
        let start = x.row(row, branch: branch)
        var squares = 0.0
        for column in 0..<x.width { squares += Double(start[column]) * Double(start[column]) }
        let factor = Float(1 / max(squares.squareRoot(), 1e-12))
        norms?[row] = factor
        for column in 0..<x.width { start[column] *= factor }
      }
    }
  }
}
