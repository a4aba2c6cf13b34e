import Crypto
package import ZorBADiagnostics

/// The 256 bits every direction of a run is derived from.
///
/// All participants of a run know it; it is not a secret between them. Whoever has the key, the
/// base model and the coefficients has the fine-tuned model.
package struct RunKey: Hashable, Sendable {
  /// 32 bytes.
  package let bytes: [UInt8]

  /// A fresh key from the operating system's generator.
  package static func random() -> RunKey {
    var generator = SystemRandomNumberGenerator()
    var bytes: [UInt8] = []
    for _ in 0..<4 { bytes.append(littleEndian: generator.next()) }
    return RunKey(unchecked: bytes)
  }

  /// The key of a user's seed: SHA-256("zorba/1/run-key" | seed u64, little endian).
  ///
  /// Equal seeds give equal runs; use `random()` where directions must not be guessable.
  package init(seed: UInt64) {
    var message = Array("zorba/1/run-key".utf8)
    message.append(littleEndian: seed)
    bytes = Array(SHA256.hash(data: message))
  }

  /// The key written as 64 hexadecimal digits.
  ///
  /// - Throws: `ZorBAError` with the given code when the text is anything else.
  package init(
    hexadecimal text: String, code: ZorBAError.Code = .invalidConfiguration,
    at location: ZorBAError.Location = .init(field: "run_key")
  ) throws {
    guard let bytes = Hexadecimal.bytes(of: text), bytes.count == 32 else {
      throw ZorBAError(
        code, "a run key is 64 hexadecimal digits, not '\(text.prefix(80))'", at: location,
        advice: "Copy the key whole, without spaces.")
    }
    self.init(unchecked: bytes)
  }

  private init(unchecked bytes: [UInt8]) { self.bytes = bytes }

  /// 64 lower-case digits.
  package var hexadecimal: String { Hexadecimal.text(of: bytes) }

  /// A 64-bit seed: the first 8 bytes, little endian, of HMAC-SHA256 under this key.
  ///
  /// The message is 37 bytes, integers little endian:
  ///
  ///     "zorba/1/direction" (17)  round u64  step u32  direction u32  client u32
  ///
  /// (numerics spec 1, section 4).
  package func seed(round: UInt64, step: UInt32, direction: UInt32, client: UInt32) -> UInt64 {
    var message = Array("zorba/1/direction".utf8)
    message.append(littleEndian: round)
    message.append(littleEndian: step)
    message.append(littleEndian: direction)
    message.append(littleEndian: client)
    let code = HMAC<SHA256>.authenticationCode(for: message, using: SymmetricKey(data: bytes))
    return code.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
