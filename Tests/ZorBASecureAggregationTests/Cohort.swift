import ZorBADiagnostics
import ZorBASecureAggregation
import ZorBATestSupport

/// A group that exchanges messages under a schedule drawn from a seed, with members that die and
/// messages that are changed on the way.
final class Cohort {
  /// How much of the protocol a member lives through.
  enum Life: Int, CaseIterable {
    case neverStarts, diesAfterKeys, diesAfterShares, diesAfterMasking, diesAfterConfirming, lives
  }

  let session: SecureSession
  let identities: TestIdentities
  var server: SecureAggregationServer
  private(set) var sites: [Int: SecureAggregationSite] = [:]
  var lives: [Int: Life] = [:]
  /// What reaches a member of what the coordinator sends it; several messages, or none.
  var toSite: (SecureAggregationMessage) -> [[UInt8]] = { [$0.payload] }
  /// What reaches the coordinator of what a member sends.
  var toServer: (Int, [UInt8]) -> [[UInt8]] = { [$1] }
  /// The refusals of sites and of the coordinator.
  private(set) var refusals: [Int: [ZorBAError]] = [:]
  private(set) var complaints: [ZorBAError] = []
  private var generator: SeededGenerator
  private var vectors: [Int: [UInt64]] = [:]

  init(
    members: [Int], words: Int, seed: UInt64, round: Int = 0, attempt: Int = 0,
    adversary: Double = 0.33, dropout: Double = 0.2, minimum: Int = 3
  ) throws {
    session = try SecureSession(
      federation: "north", run: "r1", header: [1, 2, 3], round: round, attempt: attempt,
      members: members, vectorLength: words,
      parameters: .choose(
        members: members.count, adversaryShare: adversary, dropoutShare: dropout,
        minimum: minimum))
    identities = TestIdentities(seed: seed)
    server = SecureAggregationServer(session: session, verifier: identities)
    generator = SeededGenerator(seed: seed)
    for member in members {
      sites[member] = try SecureAggregationSite(
        session: session, member: member, signer: TestSigner(identities, member),
        verifier: identities, memory: VolatileSessionMemory(),
        random: SeededGenerator(seed: seed &* 1000 &+ UInt64(member)))
    }
  }

  func site(_ member: Int) throws -> SecureAggregationSite {
    guard let site = sites[member] else {
      throw ZorBAError(.invalidData, "no such member")
    }
    return site
  }

  func refusal(of member: Int) -> ZorBAError? { refusals[member]?.first }

  private enum Event {
    case start(Int)
    case provide(Int)
    case up(Int, [UInt8])
    case down(Int, [UInt8])

    var member: Int {
      switch self {
      case .start(let member), .provide(let member), .up(let member, _), .down(let member, _):
        member
      }
    }
  }

  /// Runs until nothing is under way and nothing can be closed any more.
  ///
  /// Events of different members come in any order; of one member in theirs. With `impatience`,
  /// the coordinator closes phases early with that probability an event.
  func run(_ vectors: [Int: [UInt64]], impatience: Double = 0) -> SecureAggregationResult? {
    self.vectors = vectors
    var queues: [Int: [Event]] = [:]
    for member in session.members where lives[member] != .neverStarts {
      queues[member] = [.start(member), .provide(member)]
    }
    while ![.finished, .failed].contains(server.phase) {
      for message in server.takeOutgoing() {
        for payload in toSite(message) {
          insert(.down(message.member, payload), &queues)
        }
      }
      if Double.random(in: 0..<1, using: &generator) < impatience { close() }
      let ready = queues.filter { !$0.value.isEmpty }.keys.sorted()
      guard let member = ready.randomElement(using: &generator) else {
        close()
        continue
      }
      guard let event = queues[member]?.removeFirst() else { continue }
      handle(event, &queues)
    }
    return server.result
  }

  /// A vector may be ready at any time; messages stay in order.
  private func insert(_ event: Event, _ queues: inout [Int: [Event]]) {
    var queue = queues[event.member, default: []]
    if let last = queue.last, case .provide = last, Bool.random(using: &generator) {
      queue.insert(event, at: queue.count - 1)
    } else {
      queue.append(event)
    }
    queues[event.member] = queue
  }

  private func handle(_ event: Event, _ queues: inout [Int: [Event]]) {
    let member = event.member
    if case .up(_, let payload) = event {
      do { try server.receive(payload, from: member) } catch { note(error) }
      return
    }
    do {
      let answer: [UInt8]? =
        switch event {
        case .start: try sites[member]?.start()
        case .provide: try sites[member]?.provide(vector: vectors[member] ?? [])
        case .down(_, let payload): try sites[member]?.receive(payload)
        case .up: nil
        }
      guard let answer else { return }
      for payload in toServer(member, answer) {
        queues[member, default: []].append(.up(member, payload))
      }
      if let life = lives[member], life != .lives, Self.last(of: life) == answer[3] {
        // Dead: what it sent still arrives, and nothing reaches it any more.
        queues[member]?.removeAll { if case .up = $0 { false } else { true } }
        sites[member] = nil
      }
    } catch {
      if let error = error as? ZorBAError { refusals[member, default: []].append(error) }
    }
  }

  /// The kind of the last message a member sends.
  private static func last(of life: Life) -> UInt8 {
    switch life {
    case .neverStarts, .lives: 0
    case .diesAfterKeys: 1
    case .diesAfterShares: 3
    case .diesAfterMasking: 5
    case .diesAfterConfirming: 7
    }
  }

  private func close() {
    do { try server.closePhase() } catch { note(error) }
  }

  private func note(_ error: any Error) {
    if let error = error as? ZorBAError { complaints.append(error) }
  }
}
