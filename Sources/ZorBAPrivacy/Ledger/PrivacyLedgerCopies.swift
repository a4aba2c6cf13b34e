import Crypto
import ZorBAJSON

/// The bytes of a ledger: one state, twice, each copy with a checksum and as long as the other.
///
/// The copies are written one after the other, each durable before the next begins, so one of them is
/// whole whatever happens; and a charge is acknowledged when both are, so that a whole copy holds
/// everything that was acknowledged.
enum PrivacyLedgerCopies {
  /// The least bytes of a copy; longer ones are powers of two.
  static let smallestCopy = 1 << 12
  /// The longest copy, for some ten thousand runs.
  static let largestCopy = 1 << 22
  private static let sumDigits = 32
  private static var trailerBytes: Int { sumDigits + 1 }

  /// One copy, of at least so many bytes; nil when the state is too large for any.
  static func encoded(_ state: PrivacyLedgerState, atLeast least: Int) -> [UInt8]? {
    var text = Array(state.json.serialized.utf8)
    var size = max(smallestCopy, least)
    while size < text.count + trailerBytes {
      size *= 2
      guard size <= largestCopy else { return nil }
    }
    text += [UInt8](repeating: UInt8(ascii: " "), count: size - trailerBytes - text.count)
    return text + checksum(text) + [UInt8(ascii: "\n")]
  }

  /// The latest state of the whole copies; nil when none is whole.
  static func decoded(_ bytes: [UInt8]) -> PrivacyLedgerState? {
    let half = bytes.count / 2
    return [bytes.prefix(half), bytes.suffix(half)].compactMap { state(of: Array($0)) }
      .max { $0.generation < $1.generation }
  }

  private static func state(of copy: [UInt8]) -> PrivacyLedgerState? {
    guard copy.count >= smallestCopy, copy.last == UInt8(ascii: "\n") else { return nil }
    let text = Array(copy.dropLast(trailerBytes))
    guard copy.suffix(trailerBytes).dropLast().elementsEqual(checksum(text)),
      let json = try? JSONParser.parse(text)
    else { return nil }
    return PrivacyLedgerState(json)
  }

  /// The first 16 bytes of SHA-256, in hexadecimal.
  private static func checksum(_ bytes: [UInt8]) -> [UInt8] {
    SHA256.hash(data: bytes).prefix(sumDigits / 2).flatMap { byte -> [UInt8] in
      let digits = String(byte, radix: 16).utf8
      return (digits.count == 1 ? [UInt8(ascii: "0")] : []) + Array(digits)
    }
  }
}
