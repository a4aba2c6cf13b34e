/// Reading UTF-8 that is known or hoped to be valid, one scalar at a time.
enum UTF8Text {
  typealias Bytes = UnsafeBufferPointer<UInt8>

  /// The scalar that starts at `position`, and its length in bytes.
  ///
  /// - Precondition: `text` is valid UTF-8 and `position` starts a scalar within it.
  @inline(__always)
  static func scalar(in text: Bytes, at position: Int) -> (value: UInt32, length: Int) {
    let first = UInt32(text[position])
    if first < 0x80 { return (first, 1) }
    let second = UInt32(text[position + 1]) & 0x3F
    if first < 0xE0 { return ((first & 0x1F) << 6 | second, 2) }
    let third = UInt32(text[position + 2]) & 0x3F
    if first < 0xF0 { return ((first & 0x0F) << 12 | second << 6 | third, 3) }
    let fourth = UInt32(text[position + 3]) & 0x3F
    return ((first & 0x07) << 18 | second << 12 | third << 6 | fourth, 4)
  }

  /// Where the scalar before `position` starts.
  @inline(__always)
  static func start(ofScalarBefore position: Int, in text: Bytes) -> Int {
    var start = position - 1
    while start > 0, text[start] & 0xC0 == 0x80 { start -= 1 }
    return start
  }

  /// How many bytes at the end may still grow into a valid character: 0 to 3.
  static func incompleteSuffixLength(of bytes: [UInt8]) -> Int {
    let end = bytes.count
    for length in 1...3 where length <= end {
      let lead = bytes[end - length]
      if lead & 0xC0 == 0x80 { continue }
      let needed = lead >= 0xF5 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 1
      guard needed > length else { return 0 }
      if length >= 2, !isPossible(bytes[end - length + 1], after: lead) { return 0 }
      return length
    }
    return 0
  }

  /// Whether a continuation byte may follow the lead; some leads restrict it (Unicode table 3-7).
  private static func isPossible(_ byte: UInt8, after lead: UInt8) -> Bool {
    switch lead {
    case 0xE0: byte >= 0xA0
    case 0xED: byte < 0xA0
    case 0xF0: byte >= 0x90
    case 0xF4: byte < 0x90
    default: true
    }
  }
}
