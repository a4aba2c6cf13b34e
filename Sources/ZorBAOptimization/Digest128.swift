/// The first 128 bits of a SHA-256.
package struct Digest128: Hashable, Sendable, CustomStringConvertible {
  /// 16 bytes.
  package let bytes: [UInt8]

  /// Bytes of a digest.
  package static let byteCount = 16

  /// Keeps the first 16 of `bytes`, which has at least as many.
  package init(prefixOf bytes: some Sequence<UInt8>) {
    self.bytes = Array(bytes.prefix(Self.byteCount))
    precondition(self.bytes.count == Self.byteCount)
  }

  /// 32 hexadecimal digits, or nil.
  package init?(hexadecimal text: String) {
    guard let bytes = Hexadecimal.bytes(of: text), bytes.count == Self.byteCount else { return nil }
    self.bytes = bytes
  }

  /// 32 lower-case digits.
  package var description: String { Hexadecimal.text(of: bytes) }
}
