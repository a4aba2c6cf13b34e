#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension ForwardPass {
  /// x ← tanh x, in place. The derivative is 1 − y².
  ///
  /// Applied to one row a text, so it needs no kernel of its own.
  func tanh(_ x: Activation) {
    recordTanh(x)
    parallelRows(of: x) { branch, rows in
      for row in rows {
        let start = x.row(row, branch: branch)
        for column in 0..<x.width { start[column] = tanhf(start[column]) }
      }
    }
  }
}
