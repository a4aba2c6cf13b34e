import ZorBATensor

/// Ten numbers of a reference gradient, as Tools/gradient_goldens_first_order.py writes them: its norm,
/// eight sums of its elements with pseudo-random signs, and its first element.
struct GradientSummary {
  private let numbers: [Double]

  init(_ tensor: Tensor) throws { numbers = try tensor.floats().map(Double.init) }

  var norm: Double { numbers[0] }

  /// How far a gradient is from the reference, in units of `scale`.
  func error(of found: [Float], scale: Double) -> Double {
    var squares = 0.0
    for sum in 0..<8 {
      let difference = Self.signedSum(found, sum) - numbers[1 + sum]
      squares += difference * difference / 8
    }
    return max(squares.squareRoot(), abs(Double(found[0]) - numbers[9])) / scale
  }

  /// The sum of the elements with the signs of sum `index`.
  private static func signedSum(_ values: [Float], _ index: Int) -> Double {
    var sum = 0.0
    for (place, value) in values.enumerated() {
      sum += sign(place, stream: index) * Double(value)
    }
    return sum
  }

  /// 1 or −1: the top bit of splitmix64.
  static func sign(_ place: Int, stream: Int) -> Double {
    var z = UInt64(place) &+ UInt64(stream) << 40 &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    z ^= z >> 31
    return z >> 63 == 1 ? -1 : 1
  }
}
