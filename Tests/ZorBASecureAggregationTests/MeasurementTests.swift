import Crypto
import Testing
import ZorBASecureAggregation

/// What sessions cost is printed, not judged: a test's time depends on the machine.
@Suite struct MeasurementTests {
  @Test(arguments: [10])
  func aSessionIsMeasured(members: Int) throws {
    let measured = try SecureAggregationMeasurement.measure(members: members, vectorLength: 34)
    print("measured:", measured.line)
    let words = 34
    #expect(measured.cost.bytesUp > (members - measured.dropped) * 8 * words)
    let c = ContinuousClock()
    let k = Curve25519.KeyAgreement.PrivateKey()
    let s = Curve25519.Signing.PrivateKey()
    let sig = try s.signature(for: [1, 2, 3])
    print("measured: agree", try c.measure { for _ in 0..<100 { _ = try k.sharedSecretFromKeyAgreement(with: k.publicKey) } })
    print("measured: sign", try c.measure { for _ in 0..<100 { _ = try s.signature(for: [1, 2]) } })
    print("measured: verify", c.measure { for _ in 0..<100 { _ = s.publicKey.isValidSignature(sig, for: [1, 2, 3]) } })
    print("measured: sha", c.measure { for _ in 0..<100 { _ = SHA256.hash(data: [UInt8](repeating: 1, count: 1000)) } })
  }
}
