import Testing
import ZorBADiagnostics

@testable import ZorBASecureAggregation

/// What a member may get wrong, and what the coordinator makes of it.
@Suite struct MaliciousMemberTests {
  @Test func badKeysAreNamedAndLeftOut() throws {
    let staged = try Staged()
    for change in 0..<3 {
      var server = SecureAggregationServer(session: staged.session, verifier: staged.identities)
      var advertisement = try #require(staged.server.advertisements[1])
      switch change {
      case 0: advertisement.signature[0] ^= 1
      case 1: advertisement.maskKey[0] ^= 1
      default:
        advertisement.maskKey = [UInt8](repeating: 0, count: 32)
        advertisement.signature = staged.identities.tag(
          of: advertisement.statement(of: 2, in: staged.session), by: 2)
      }
      for member in 1...5 {
        let position = member - 1
        var writer = MessageKind.advertisement.begin(staged.session)
        (member == 2 ? advertisement : staged.server.advertisements[position])?
          .write(to: &writer)
        if member == 2 {
          let error = #expect(throws: ZorBAError.self) {
            try server.receive(writer.bytes, from: 2)
          }
          #expect(error?.message.contains("member 2") == true)
        } else {
          try server.receive(writer.bytes, from: member)
        }
      }
      #expect(server.faults.map(\.member) == [2])
      // It went on by itself with the four others.
      #expect(server.phase == .sharing)
      #expect(server.awaited == [1, 3, 4, 5])
    }
  }

  @Test func aWrongShareIsNamedAndTheSumIsRight() throws {
    let staged = try Staged()
    for _ in 0..<3 { try staged.step() }
    for (member, message) in staged.messages.sorted(by: { $0.key < $1.key }) {
      var answer = try #require(try staged.site(member).receive(message))
      // Member 1's share of member 2's secret: one flag, then the share.
      if member == 1 { answer[MessageKind.headerBytes + 1] ^= 1 }
      try staged.server.receive(answer, from: member)
    }
    #expect(staged.server.result?.sum == [15, 15])
    #expect(staged.server.faults.map(\.member) == [1])
  }

  @Test func sharesThatDoNotOpenStopNobodyButTheirOwner() throws {
    // All of member 2's shares are rubbish: its mask cannot be taken off, and it is named.
    let staged = try Staged()
    for damaged in [1, 4] {
      let staged = damaged == 4 ? staged : try Staged()
      for (member, message) in staged.messages.sorted(by: { $0.key < $1.key }) {
        var answer = try #require(try staged.site(member).receive(message))
        if member == 2 {
          for share in 0..<damaged {
            answer[MessageKind.headerBytes + share * SealedShare.byteCount] ^= 1
          }
        }
        try staged.server.receive(answer, from: member)
      }
      staged.collect()
      for _ in 0..<2 { try staged.step() }
      if damaged == 4 {
        let error = #expect(throws: ZorBAError.self) { try staged.step() }
        #expect(error?.message.contains("member 2's secret") == true)
        #expect(staged.server.phase == .failed)
        #expect(staged.server.failure != nil)
      } else {
        try staged.step()
        #expect(staged.server.result?.sum == [15, 15])
      }
    }
  }

  @Test func messagesThatComeTwiceOrLateAreNotUsed() throws {
    let staged = try Staged()
    let answer = try #require(try staged.site(1).receive(try staged.message(1)))
    try staged.server.receive(answer, from: 1)
    let error = #expect(throws: ZorBAError.self) { try staged.server.receive(answer, from: 1) }
    #expect(error?.message.contains("second time") == true)
    #expect(staged.server.faults.isEmpty)
    #expect(throws: ZorBAError.self) { try staged.server.receive(answer, from: 99) }
    #expect(staged.server.answered == [1])
  }

  @Test func tooFewFailByName() throws {
    let staged = try Staged()
    for member in [1, 2, 3] {
      let answer = try #require(try staged.site(member).receive(try staged.message(member)))
      try staged.server.receive(answer, from: member)
    }
    let error = #expect(throws: ZorBAError.self) { try staged.server.closePhase() }
    #expect(error?.message.contains("3 of 5 members") == true)
    #expect(error?.message.contains("without: 4, 5") == true)
    #expect(staged.server.phase == .failed)
    #expect(throws: ZorBAError.self) { try staged.server.closePhase() }
    #expect(staged.server.takeOutgoing().isEmpty)
  }

  @Test func thoseWhoAreGoneAreNotWaitedFor() throws {
    let staged = try Staged()
    for member in [1, 2, 3, 4] {
      let answer = try #require(try staged.site(member).receive(try staged.message(member)))
      try staged.server.receive(answer, from: member)
    }
    #expect(staged.server.awaited == [5])
    try staged.server.drop(5)
    #expect(staged.server.phase == .masking)
    staged.collect()
    for _ in 0..<3 { try staged.step() }
    #expect(staged.server.result?.survivors == [1, 2, 3, 4])
    #expect(staged.server.result?.sum == [10, 10])
  }
}
