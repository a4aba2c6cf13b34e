import Testing
import ZorBA
import ZorBADiagnostics
import ZorBAFederation
import ZorBASecureAggregation
import ZorBATestSupport

/// A sum is told only over sites that were shown the same run with the same history.
@Suite struct SecureHistoryTests {
  private let members = [0, 1, 2, 3]

  private func session(chain: String, header: [UInt8] = [1, 2, 3]) throws -> SecureSession {
    var configuration = RunConfiguration(model: "model", data: DataFiles(train: ["rows.jsonl"]))
    configuration.secureAggregation.mode = .on
    let terms = SecureTerms(
      configuration, federation: "hospitals", run: "trial", epoch: 5,
      agreed: SecureTerms.agreed(header: header, chain: chain))
    return try terms.session(.init(round: 7, attempt: 1), members: members)
  }

  @Test func sitesWithOtherHistoriesShareNoSum() throws {
    let identities = InProcessIdentities(members: members)
    let right = try session(chain: "0a1b")
    for wrong in [try session(chain: "0a1c"), try session(chain: "0a1b", header: [1, 2, 4])] {
      #expect(wrong.identifier != right.identifier)
      var server = SecureAggregationServer(session: right, verifier: identities)
      let misled = try SecureAggregationSite(
        session: wrong, member: 2, signer: try identities.signer(of: 2), verifier: identities,
        memory: VolatileSessionMemory())
      #expect(throws: ZorBAError.self) { try server.receive(try misled.start(), from: 2) }
      let honest = try SecureAggregationSite(
        session: right, member: 2, signer: try identities.signer(of: 2), verifier: identities,
        memory: VolatileSessionMemory())
      try server.receive(try honest.start(), from: 2)
    }
  }
}
