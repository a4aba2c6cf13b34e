import ZorBAJSON

/// The bytes of a ledger: one state, twice, each copy with a checksum.
///
/// Both copies are the same size for ever and are written before anything is acknowledged. So a
/// copy that is whole holds at least what was acknowledged, whatever became of the other; and a
/// file without a whole copy says that it is damaged, not that nothing was counted.
enum LedgerCopies {
  static let copyBytes = 1 << 12
  /// A checksum of 16 digits and a line break.
  private static let trailerBytes = 17

  /// Both copies; runs that answered longest ago are left out when they do not fit.
  static func encoded(_ state: LedgerState) -> [UInt8] {
    var state = state
    var text = Array(state.json.serialized.utf8)
    while text.count > copyBytes - trailerBytes, !state.runs.isEmpty {
      state.runs.removeLast(max(1, state.runs.count / 8))
      text = Array(state.json.serialized.utf8)
    }
    text += [UInt8](
      repeating: UInt8(ascii: " "), count: max(0, copyBytes - trailerBytes - text.count))
    let sum = String(checksum(text), radix: 16)
    text += Array((String(repeating: "0", count: 16 - sum.utf8.count) + sum + "\n").utf8)
    return text + text
  }

  /// The state of the copy that counts most; nil when none is whole.
  static func decoded(_ bytes: [UInt8]) -> LedgerState? {
    let copies = [bytes.prefix(copyBytes), bytes.dropFirst(copyBytes).prefix(copyBytes)]
    return copies.compactMap { state(of: Array($0)) }
      .max { ($0.bytes, $0.rounds) < ($1.bytes, $1.rounds) }
  }

  private static func state(of copy: [UInt8]) -> LedgerState? {
    guard copy.count == copyBytes, copy.last == UInt8(ascii: "\n") else { return nil }
    let text = copy.dropLast(trailerBytes)
    let digits = copy.suffix(trailerBytes).dropLast()
    guard UInt64(String(decoding: digits, as: UTF8.self), radix: 16) == checksum(text),
      let json = try? JSONParser.parse(text)
    else { return nil }
    return LedgerState(json)
  }

  /// FNV-1a: it finds tears and rot, which is all it is for.
  private static func checksum(_ bytes: some Sequence<UInt8>) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
