import Crypto
import ZorBAOptimization

/// How a record lies in the file: prefix, payload, chain value.
///
///     type     u8
///     length   u24, little endian: bytes of the payload
///     link     4 bytes: hash("zorba/1/link" | previous chain value | type | length)
///     payload
///     chain    16 bytes: hash("zorba/1/record" | previous chain value | type | length | payload)
///
/// Hashes are SHA-256, cut to the bytes they are given. The link makes the length trustworthy before
/// the payload is read: a record that ends beyond the file with a valid link was being written when
/// the writer died, and anything else is damage.
enum RecordFrame {
  static let magic: [UInt8] = [0x89] + Array("ZORBA".utf8) + [0x0D, 0x0A]
  static let formatVersion: UInt32 = 1
  /// Magic and version.
  static let preambleByteCount = 12
  static let prefixByteCount = 8
  static let maximumPayloadByteCount = 1 << 24 - 1

  static var preamble: [UInt8] {
    var bytes = magic
    bytes.append(littleEndian: formatVersion)
    return bytes
  }

  /// The chain value before the first record.
  static var firstChain: Digest128 {
    Digest128(prefixOf: SHA256.hash(data: Array("zorba/1/journal".utf8) + preamble))
  }

  /// Type and length as stored.
  static func start(type: UInt8, payloadByteCount: Int) -> [UInt8] {
    let count = UInt32(payloadByteCount)
    return [type, UInt8(count & 255), UInt8(count >> 8 & 255), UInt8(count >> 16 & 255)]
  }

  static func link(after chain: Digest128, start: some Sequence<UInt8>) -> [UInt8] {
    let message = Array("zorba/1/link".utf8) + chain.bytes + start
    return Array(SHA256.hash(data: message).prefix(4))
  }

  static func chain(
    after chain: Digest128, start: some Sequence<UInt8>, payload: some Sequence<UInt8>
  ) -> Digest128 {
    var hash = SHA256()
    hash.update(data: Array("zorba/1/record".utf8) + chain.bytes + start)
    hash.update(data: Array(payload))
    return Digest128(prefixOf: hash.finalize())
  }

  /// A record as it lies at the beginning of some bytes.
  struct Decoded {
    let type: UInt8
    let payload: [UInt8]
    let chain: Digest128
    /// Framing included.
    let byteCount: Int
  }

  /// Takes the first record off bytes that follow a chain value; nil while it is unfinished.
  ///
  /// - Throws: `ZorBAError` with code `invalidJournal` as soon as its first bytes show that it does
  ///   not continue the chain, before its length is believed.
  static func decode(_ bytes: ArraySlice<UInt8>, after chain: Digest128) throws -> Decoded? {
    guard bytes.count >= prefixByteCount else { return nil }
    let start = bytes.prefix(4)
    guard bytes.dropFirst(4).prefix(4).elementsEqual(link(after: chain, start: start)) else {
      throw ByteReader.fault("the bytes do not continue the record before them")
    }
    let length = start.dropFirst().reversed().reduce(0) { $0 << 8 | Int($1) }
    let byteCount = prefixByteCount + length + Digest128.byteCount
    guard bytes.count >= byteCount else { return nil }
    let payload = Array(bytes.dropFirst(prefixByteCount).prefix(length))
    let next = Self.chain(after: chain, start: start, payload: payload)
    guard
      bytes.dropFirst(prefixByteCount + length).prefix(Digest128.byteCount)
        .elementsEqual(next.bytes)
    else { throw ByteReader.fault("the contents of a record were changed after it was written") }
    return Decoded(type: start.first ?? 0, payload: payload, chain: next, byteCount: byteCount)
  }

  /// A whole record and the chain value it ends in; the payload is at most 16 MiB - 1.
  static func encode(
    type: UInt8, payload: [UInt8], after chain: Digest128
  ) -> (bytes: [UInt8], chain: Digest128) {
    let start = start(type: type, payloadByteCount: payload.count)
    let next = Self.chain(after: chain, start: start, payload: payload)
    return (start + link(after: chain, start: start) + payload + next.bytes, next)
  }
}
