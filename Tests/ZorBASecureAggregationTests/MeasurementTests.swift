import Foundation
import Testing
import ZorBASecureAggregation

/// What sessions cost is printed, not judged: a time depends on the machine. Larger groups on request:
/// `ZORBA_MEASURE_MEMBERS=100,1000`.
@Suite struct MeasurementTests {
  private static let sizes =
    ProcessInfo.processInfo.environment["ZORBA_MEASURE_MEMBERS"]?
    .split(separator: ",").compactMap { Int($0) } ?? [10]

  @Test(arguments: sizes)
  func sessionsAreMeasured(members: Int) throws {
    let words = 34
    // Signatures are left out of the larger: they are an authority's, and take hours unoptimised.
    let identities = TestIdentities(seed: 1)
    let measured =
      members <= 100
      ? try SecureAggregationMeasurement.measure(members: members, vectorLength: words)
      : try SecureAggregationMeasurement.measure(
        members: members, vectorLength: words, verifier: identities,
        signer: { TestSigner(identities, $0) })
    print("measured:", measured.line)
    let survivors = members - measured.dropped
    #expect(measured.cost.bytesUp > survivors * 8 * words)
    #expect(measured.cost.bytesDown > members * measured.parameters.degree * 80)
  }
}
