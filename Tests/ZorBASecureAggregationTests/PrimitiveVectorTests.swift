import Crypto
import Foundation
import Testing

@testable import ZorBASecureAggregation

/// Published vectors of each primitive, through the same calls as the protocol makes.
@Suite struct PrimitiveVectorTests {
  @Test func x25519OfRFC7748Section61() throws {
    let alice = try KeyAgreement.key(
      secret("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"))
    let bob = try KeyAgreement.key(
      secret("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"))
    let public1 = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
    let public2 = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"
    #expect(Array(alice.publicKey.rawRepresentation) == Golden.bytes(public1))
    #expect(Array(bob.publicKey.rawRepresentation) == Golden.bytes(public2))
    let shared = Golden.bytes("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742")
    let one = try KeyAgreement.agree(alice, with: Golden.bytes(public2), of: 0)
    let two = try KeyAgreement.agree(bob, with: Golden.bytes(public1), of: 0)
    #expect(one.withUnsafeBytes { Array($0) } == shared)
    #expect(two.withUnsafeBytes { Array($0) } == shared)
  }

  @Test(arguments: [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  ])
  func pointsOfSmallOrderAreRefused(point: String) {
    #expect(throws: (any Error).self) {
      try KeyAgreement.check(Golden.bytes(point), of: 3)
    }
  }

  @Test func hkdfOfRFC5869Case1() {
    let key = HKDF<SHA256>.deriveKey(
      inputKeyMaterial: SymmetricKey(data: [UInt8](repeating: 0x0b, count: 22)),
      salt: Golden.bytes("000102030405060708090a0b0c"),
      info: Golden.bytes("f0f1f2f3f4f5f6f7f8f9"), outputByteCount: 42)
    #expect(
      key.withUnsafeBytes { Array($0) }
        == Golden.bytes(
          "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"))
  }

  /// Appendix A.1, test vector 2: key and nonce zero, block counter 1, which is where the AEAD begins.
  @Test func keystreamOfRFC8439() throws {
    let stream = try Keystream(key: SymmetricKey(data: [UInt8](repeating: 0, count: 32))).words(8)
    let bytes = stream.flatMap { word in withUnsafeBytes(of: word.littleEndian) { Array($0) } }
    #expect(
      bytes
        == Golden.bytes(
          """
          9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed
          29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f
          """))
  }

  @Test func keystreamsDoNotRepeatAcrossChunks() throws {
    let key = SymmetricKey(data: [UInt8](repeating: 5, count: 32))
    let long = try Keystream(key: key).words(3 * Keystream.chunkWords + 5)
    #expect(Set(long).count == long.count)
    #expect(try Array(long.prefix(10)) == Keystream(key: key).words(10))
    var words = [UInt64](repeating: 42, count: long.count)
    try Keystream(key: key).apply(to: &words, subtracting: false)
    #expect(words == long.map { $0 &+ 42 })
    try Keystream(key: key).apply(to: &words, subtracting: true)
    #expect(words.allSatisfy { $0 == 42 })
  }

  /// Test cases 14 and 16 of McGrew and Viega, which NIST took over.
  @Test func aesGCM() throws {
    let zero = try AES.GCM.seal(
      [UInt8](repeating: 0, count: 16),
      using: SymmetricKey(data: [UInt8](repeating: 0, count: 32)),
      nonce: AES.GCM.Nonce(data: [UInt8](repeating: 0, count: 12)))
    #expect(Array(zero.ciphertext) == Golden.bytes("cea7403d4d606b6e074ec5d3baf39d18"))
    #expect(Array(zero.tag) == Golden.bytes("d0d1c8a799996bf0265b98b5d48ab919"))
    let key = Golden.bytes("feffe9928665731c6d6a8f9467308308")
    let box = try AES.GCM.seal(
      Golden.bytes(
        """
        d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
        1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39
        """), using: SymmetricKey(data: key + key),
      nonce: AES.GCM.Nonce(data: Golden.bytes("cafebabefacedbaddecaf888")),
      authenticating: Golden.bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2"))
    #expect(
      Array(box.ciphertext)
        == Golden.bytes(
          """
          522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa
          8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662
          """))
    #expect(Array(box.tag) == Golden.bytes("76fc6ece0f4e1768cddf8853bb2d551b"))
  }

  @Test func ed25519OfRFC8032Test1() throws {
    let key = try Curve25519.Signing.PrivateKey(
      rawRepresentation: Golden.bytes(
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
    #expect(
      Array(key.publicKey.rawRepresentation)
        == Golden.bytes("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"))
    let signature = Golden.bytes(
      """
      e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555
      fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b
      """)
    #expect(key.publicKey.isValidSignature(signature, for: [UInt8]()))
    #expect(!key.publicKey.isValidSignature(signature, for: [0]))
  }

  @Test func sealedSharesBindWhoAndWhat() throws {
    let staged = try Staged()
    let transcript = try #require(staged.server.transcript)
    let key = SymmetricKey(data: [UInt8](repeating: 1, count: 32))
    let share = SecretBytes(count: 64) { $0.initializeMemory(as: UInt8.self, repeating: 9) }
    let sealed = try SealedShare.seal(share, key: key, transcript, from: 1, to: 2)
    #expect(sealed.count == SealedShare.byteCount)
    let opened = SealedShare.open(sealed[...], key: key, transcript, from: 1, to: 2)
    #expect(opened?.withUnsafeBytes { Array($0) } == [UInt8](repeating: 9, count: 64))
    #expect(SealedShare.open(sealed[...], key: key, transcript, from: 2, to: 1) == nil)
    #expect(SealedShare.open(sealed[...], key: key, transcript, from: 1, to: 3) == nil)
    #expect(SealedShare.open(sealed.dropLast(), key: key, transcript, from: 1, to: 2) == nil)
    let other = Transcript(session: staged.session, roster: [1])
    #expect(SealedShare.open(sealed[...], key: key, other, from: 1, to: 2) == nil)
  }

  private func secret(_ hex: String) -> SecretBytes {
    Golden.bytes(hex).withUnsafeBytes { SecretBytes(copying: $0) }
  }
}
