/// Bytes as lower-case hexadecimal digits.
enum Hexadecimal {
  private static let digits = Array("0123456789abcdef".utf8)

  static func text(_ bytes: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Whether every character is a lower-case hexadecimal digit.
  static func isText(_ text: String) -> Bool { text.utf8.allSatisfy { digits.contains($0) } }

  /// The bytes of lower-case hexadecimal digits; anything else counts as 0.
  static func bytes(_ text: String) -> [UInt8] {
    let values = text.utf8.map { digit in UInt8(digits.firstIndex(of: digit) ?? 0) }
    return stride(from: 0, to: values.count - 1, by: 2).map { values[$0] << 4 | values[$0 + 1] }
  }
}
