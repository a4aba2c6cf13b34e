/// Spearman's rho: the correlation of ranks, ties sharing their mean rank.
func rankCorrelation(_ first: [Double], _ second: [Double]) -> Double {
  let (x, y) = (ranks(first), ranks(second))
  let mean = Double(x.count + 1) / 2
  var (product, squaresX, squaresY) = (0.0, 0.0, 0.0)
  for (a, b) in zip(x, y) {
    product += (a - mean) * (b - mean)
    squaresX += (a - mean) * (a - mean)
    squaresY += (b - mean) * (b - mean)
  }
  return product / (squaresX * squaresY).squareRoot()
}

private func ranks(_ values: [Double]) -> [Double] {
  values.map { value in
    let below = values.count { $0 < value }
    let equal = values.count { $0 == value }
    return Double(below) + Double(equal + 1) / 2
  }
}
