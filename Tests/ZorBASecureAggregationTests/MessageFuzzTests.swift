import Testing
import ZorBADiagnostics
import ZorBATestSupport

@testable import ZorBASecureAggregation

/// Damaged messages bring errors, and never a crash, a wrong sum or a site that gives more away.
@Suite struct MessageFuzzTests {
  /// A site's state, to be put back after a refusal.
  private struct Snapshot {
    let site: SecureAggregationSite
    let restore: () -> Void

    init(_ site: SecureAggregationSite) {
      self.site = site
      let (phase, secrets, vector) = (site.phase, site.secrets, site.vector)
      let (keys, held) = (secrets?.openingKeys ?? [:], secrets?.held ?? [:])
      let (neighbours, graph, transcript) = (site.neighbours, site.graph, site.transcript)
      let (present, survivors, random) = (site.present, site.survivors, site.random)
      restore = {
        (site.phase, site.secrets, site.vector) = (phase, secrets, vector)
        secrets?.openingKeys = keys
        secrets?.held = held
        (site.neighbours, site.graph, site.transcript) = (neighbours, graph, transcript)
        (site.present, site.survivors, site.random) = (present, survivors, random)
      }
    }
  }

  @Test func sitesSurviveAnyMessage() throws {
    var generator = SeededGenerator(seed: 11)
    let staged = try Staged(members: [1, 2, 3])
    var refused = 0
    for phase in 0..<4 {
      let site = try staged.site(1)
      let snapshot = Snapshot(site)
      let message = try staged.message(1)
      for _ in 0..<(phase == 1 ? 400 : 1500) {
        // Mostly behind the header, or little else would be reached.
        let start = Double.random(in: 0..<1, using: &generator) < 0.1 ? 0 : 36
        let damaged = generator.mutated(message, within: start..<message.count)
        guard damaged != message else { continue }
        do {
          let answer = try site.receive(damaged)
          // Only a share that does not open is tolerated.
          #expect(phase == 1 || answer == nil, "\(phase)")
        } catch let error as ZorBAError {
          refused += 1
          #expect([.refused, .invalidData].contains(error.code))
          #expect(error.advice != nil)
        }
        snapshot.restore()
      }
      snapshot.restore()
      try staged.step()
    }
    #expect(staged.server.result?.sum == [6, 6])
    #expect(refused > 3500)
  }

  @Test func theCoordinatorSurvivesAnyMessage() throws {
    var generator = SeededGenerator(seed: 12)
    let staged = try Staged(members: [1, 2, 3])
    var servers: [(SecureAggregationServer, [UInt8])] = []
    let fresh = SecureAggregationServer(session: staged.session, verifier: staged.identities)
    var writer = MessageKind.advertisement.begin(staged.session)
    staged.server.advertisements[0]?.write(to: &writer)
    servers.append((fresh, writer.bytes))
    for _ in 0..<4 {
      var answers: [Int: [UInt8]] = [:]
      for member in [1, 2, 3] {
        answers[member] = try staged.site(member).receive(try staged.message(member))
      }
      servers.append((staged.server, try #require(answers[1])))
      let phase = staged.server.phase
      for member in [1, 2, 3] {
        try staged.server.receive(try #require(answers[member]), from: member)
      }
      if phase == .masking { try staged.server.closePhase() }
      staged.collect()
    }
    #expect(staged.server.result?.sum == [6, 6])
    for (server, message) in servers {
      for _ in 0..<1500 {
        let start = Double.random(in: 0..<1, using: &generator) < 0.1 ? 0 : 36
        let damaged = generator.mutated(message, within: start..<message.count)
        guard damaged != message else { continue }
        var server = server
        do {
          try server.receive(damaged, from: 1)
          // Changed words, shares and ciphertexts cannot be told from right ones here.
          #expect([.sharing, .masking, .unmasking].contains(server.phase))
        } catch let error as ZorBAError {
          #expect(error.advice != nil)
          #expect(server.faults.count <= 1)
          #expect(server.result == nil)
        }
      }
    }
  }

  @Test func noiseIsNoMessage() throws {
    var generator = SeededGenerator(seed: 13)
    let staged = try Staged(members: [1, 2, 3])
    for _ in 0..<3000 {
      let count = Int.random(in: 0...120, using: &generator)
      let noise = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
      #expect(throws: ZorBAError.self) { try staged.site(1).receive(noise) }
    }
    for _ in 0..<4 { try staged.step() }
    #expect(staged.server.result?.sum == [6, 6])
  }

  /// Counts larger than the message make nothing of their size.
  @Test func largeCountsAreRefusedBeforeAnythingIsMade() throws {
    for bytes in [[UInt8](repeating: 0xFF, count: 8), [0, 1, 0, 0], [1]] {
      var reader = MessageReader(bytes, from: "a test")
      #expect(throws: ZorBAError.self) { try reader.counted(atMost: 1 << 16, "content") }
    }
    var reader = MessageReader([0xFF, 0xFF], from: "a test")
    #expect(throws: ZorBAError.self) { try reader.set(of: 9) }
    var words = MessageReader([1, 2, 3], from: "a test")
    #expect(throws: ZorBAError.self) { try words.words(1 << 24) }
  }

  @Test func setsAndNumbersComeBack() throws {
    var generator = SeededGenerator(seed: 14)
    for _ in 0..<500 {
      let count = Int.random(in: 1...300, using: &generator)
      let set = MemberSet((0..<count).map { _ in Bool.random(using: &generator) })
      let number = generator.next()
      var writer = MessageWriter()
      writer.append(number)
      writer.append(fixed: set.bytes)
      writer.append(counted: [1, 2, 3])
      var reader = MessageReader(writer.bytes, from: "a test")
      #expect(try reader.number(UInt64.self) == number)
      #expect(try reader.set(of: count) == set)
      #expect(try reader.counted(atMost: 3, "content") == [1, 2, 3])
      try reader.finish()
    }
  }
}
