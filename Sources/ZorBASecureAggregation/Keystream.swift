import Crypto

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The ChaCha20 keystream of one key as words of Z_2^64, little-endian.
///
/// It is what ChaCha20-Poly1305 (RFC 8439) adds to a plaintext of zeros, without the tag. swift-crypto
/// has no bare stream cipher in `Crypto`; AES-CTR is in `CryptoExtras`, which would be one more
/// product to depend on for no gain: vectors are short, and key agreement is what takes the time.
/// Every key is derived for one stream and used for it once. Within it, chunk i of
/// ``chunkWords`` words has i as its nonce, so no nonce repeats under a key and no counter wraps.
struct Keystream {
  /// 64 KiB a chunk.
  static let chunkWords = 8192

  let key: SymmetricKey

  /// Adds the stream to the words, or takes it away.
  func apply(to words: inout [UInt64], subtracting: Bool) throws {
    var start = 0
    while start < words.count {
      let count = min(Self.chunkWords, words.count - start)
      let chunk = try ciphertext(of: count, chunk: start / Self.chunkWords)
      chunk.withUnsafeBytes { stream in
        for index in 0..<count {
          let word = UInt64(
            littleEndian: stream.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
          words[start + index] =
            subtracting ? words[start + index] &- word : words[start + index] &+ word
        }
      }
      start += count
    }
  }

  /// The first words of the stream.
  func words(_ count: Int) throws -> [UInt64] {
    var words = [UInt64](repeating: 0, count: count)
    try apply(to: &words, subtracting: false)
    return words
  }

  private func ciphertext(of words: Int, chunk: Int) throws -> Data {
    var nonce = [UInt8](repeating: 0, count: 12)
    withUnsafeBytes(of: UInt64(chunk).littleEndian) { nonce.replaceSubrange(0..<8, with: $0) }
    return try ChaChaPoly.seal(
      Data(count: 8 * words), using: key, nonce: ChaChaPoly.Nonce(data: nonce)
    ).ciphertext
  }
}
