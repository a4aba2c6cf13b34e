import Testing

@testable import ZorBASecureAggregation

@Suite struct SessionTests {
  /// Whatever differs, the identifier differs, so nothing made for one passes for the other.
  @Test func identifiersBindEverything() throws {
    let parameters = try SecureAggregationParameters.choose(
      members: 4, adversaryShare: 0, dropoutShare: 0, minimum: 3)
    let others = try SecureAggregationParameters.choose(
      members: 4, adversaryShare: 0, dropoutShare: 0, minimum: 4)
    func identifier(
      federation: String = "f", run: String = "r", header: [UInt8] = [1], round: Int = 1,
      attempt: Int = 0, members: [Int] = [1, 2, 3, 4], words: Int = 3,
      parameters: SecureAggregationParameters = parameters
    ) throws -> [UInt8] {
      try SecureSession(
        federation: federation, run: run, header: header, round: round, attempt: attempt,
        members: members, vectorLength: words, parameters: parameters
      ).identifier
    }
    let all = try [
      identifier(), identifier(federation: "fr", run: ""), identifier(federation: ""),
      identifier(run: "s"), identifier(header: []), identifier(round: 0),
      identifier(round: 0, attempt: 1), identifier(attempt: 1),
      identifier(members: [1, 2, 3, 5]), identifier(words: 4), identifier(parameters: others),
    ]
    #expect(Set(all).count == all.count)
    #expect(all.allSatisfy { $0.count == 32 })
    #expect(try identifier() == identifier())
  }

  @Test func positionsAreFound() throws {
    let members = [0, 3, 4, 9, 1000]
    let session = try SecureSession(
      federation: "", run: "", header: [], round: 0, attempt: 0, members: members,
      vectorLength: 1,
      parameters: .choose(members: 5, adversaryShare: 0, dropoutShare: 0, minimum: 3))
    for member in -1...1001 {
      #expect(session.position(of: member) == members.firstIndex(of: member))
    }
  }
}
