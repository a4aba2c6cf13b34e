import ZorBADiagnostics
import ZorBATestSupport

@testable import ZorBASecureAggregation

/// A session that is led step by step, so that a test can stand in for the coordinator.
final class Staged {
  let session: SecureSession
  let identities: TestIdentities
  var server: SecureAggregationServer
  var sites: [Int: SecureAggregationSite] = [:]
  /// What the coordinator has to send now, by member.
  var messages: [Int: [UInt8]] = [:]

  /// Everybody has started, and the lists of keys are ready.
  init(
    members: [Int] = [1, 2, 3, 4, 5], adversary: Double = 0.33, dropout: Double = 0.2,
    minimum: Int = 3, words: Int = 2, round: Int = 4, attempt: Int = 0,
    memories: [Int: VolatileSessionMemory] = [:]
  ) throws {
    session = try SecureSession(
      federation: "north", run: "r", header: [9], round: round, attempt: attempt, members: members,
      vectorLength: words,
      parameters: .choose(
        members: members.count, adversaryShare: adversary, dropoutShare: dropout,
        minimum: minimum))
    identities = TestIdentities(seed: 3)
    server = SecureAggregationServer(session: session, verifier: identities)
    for member in members {
      let site = try SecureAggregationSite(
        session: session, member: member, signer: TestSigner(identities, member),
        verifier: identities, memory: memories[member] ?? VolatileSessionMemory(),
        random: SeededGenerator(seed: UInt64(member)))
      sites[member] = site
      try server.receive(try site.start(), from: member)
      _ = try site.provide(vector: Array(repeating: UInt64(member), count: words))
    }
    collect()
  }

  func site(_ member: Int) throws -> SecureAggregationSite {
    guard let site = sites[member] else { throw ZorBAError(.invalidData, "no such member") }
    return site
  }

  func message(_ member: Int) throws -> [UInt8] {
    guard let message = messages[member] else { throw ZorBAError(.invalidData, "no message") }
    return message
  }

  func collect() {
    messages = [:]
    for message in server.takeOutgoing() { messages[message.member] = message.payload }
  }

  /// Delivers what is to be sent to everybody (or all but some), and their answers.
  func step(without absent: Set<Int> = []) throws {
    let phase = server.phase
    for (member, message) in messages.sorted(by: { $0.key < $1.key })
    where !absent.contains(member) {
      if let answer = try site(member).receive(message) {
        try server.receive(answer, from: member)
      }
    }
    if phase == .masking || !absent.isEmpty { try server.closePhase() }
    collect()
  }

  /// The refusal that a message brings forth.
  func refusal(of member: Int, to message: [UInt8]) -> ZorBAError? {
    do {
      _ = try site(member).receive(message)
      return nil
    } catch {
      return error as? ZorBAError
    }
  }

  /// Lists of survivors as a lying coordinator would write them, with the true signatures.
  func survivorList(_ survivors: [Int], for member: Int) throws -> [UInt8] {
    let set = positions(survivors)
    let position = try known(session.position(of: member))
    var writer = MessageKind.survivors.begin(session)
    writer.append(fixed: set.bytes)
    for other in server.adjacency[position] where set[other] {
      writer.append(counted: server.inputSignatures[other])
    }
    return writer.bytes
  }

  func positions(_ members: [Int]) -> MemberSet {
    var set = MemberSet(of: session.members.count)
    for member in members { session.position(of: member).map { set.insert($0) } }
    return set
  }

  private func known(_ position: Int?) throws -> Int {
    guard let position else { throw ZorBAError(.invalidData, "no such member") }
    return position
  }
}
