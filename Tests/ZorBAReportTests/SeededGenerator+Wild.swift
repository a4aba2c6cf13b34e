import ZorBATestSupport

extension SeededGenerator {
  /// A double of any size and sign, now and then a special one.
  mutating func wildDouble() -> Double {
    switch next() % 12 {
    case 0: return [.nan, .infinity, -.infinity, 0, -0.0][Int(next() % 5)]
    case 1:
      return [Double.greatestFiniteMagnitude, -1e300, .leastNonzeroMagnitude, -0x1p-1030][
        Int(next() % 4)]
    default:
      let magnitude = Double.random(in: -1...1, using: &self)
      return magnitude * (Double("1e\(Int(next() % 40) - 20)") ?? 1)
    }
  }

  /// Text with markup, quotes, control characters and letters of many scripts.
  mutating func wildText() -> String {
    let scalars: [Unicode.Scalar] = [
      "<", ">", "&", "\"", "'", "]", "\0", "\u{1B}", "\n", "\u{85}", "\u{FFFE}", "\u{202E}", "a",
      "é", "語", "👩", "\u{FE0F}", " ", "/", "-", "s", "ß",
    ]
    var text = String.UnicodeScalarView()
    for _ in 0..<(next() % 24) { text.append(scalars[Int(next() % UInt64(scalars.count))]) }
    return String(text)
  }
}
