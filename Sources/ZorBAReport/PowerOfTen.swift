/// Powers of ten to the last bit, without the mathematics library, whose last bit differs between machines.
enum PowerOfTen {
  /// 10^exponent, correctly rounded; 0 or infinity beyond the range of a double.
  static func value(_ exponent: Int) -> Double {
    Double("1e\(exponent)") ?? (exponent < 0 ? 0 : .infinity)
  }

  /// The largest e with 10^e <= magnitude, for a positive finite magnitude.
  static func exponent(of magnitude: Double) -> Int {
    precondition(magnitude > 0 && magnitude.isFinite, "a positive finite magnitude has an exponent")
    // log10(2) = 0.30103 brings the estimate within one of the answer.
    var exponent = Int((Double(magnitude.exponent) * 0.30103).rounded(.down))
    while value(exponent) > magnitude { exponent -= 1 }
    while value(exponent + 1) <= magnitude { exponent += 1 }
    return exponent
  }
}
