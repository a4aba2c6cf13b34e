import Foundation
import Testing
import ZorBADiagnostics
import ZorBAOptimization
import ZorBATestSupport

@testable import ZorBACoordinator

/// Uploads in any order, of anything: what counts in the end is what was declared.
@Suite struct UpdateInboxTests {
  private let folder: TemporaryFolder
  private let inbox: UpdateInbox

  init() throws {
    folder = try TemporaryFolder()
    inbox = UpdateInbox(folder: folder.path("updates"), encoding: .float32)
  }

  private func update(_ count: Int, seed: UInt64) -> [UInt8] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
  }

  private func declaration(
    of update: [UInt8], round: Int = 1
  ) -> UpdateInbox.Declaration {
    var hash = DenseHash(.float32)
    update.withUnsafeBytes { hash.update($0) }
    return .init(round: round, byteCount: update.count, digest: hash.digest)
  }

  @Test func goesOnWhereItEnded() throws {
    let update = update(1000, seed: 1)
    let declared = declaration(of: update)
    let first = try inbox.receive(declared, of: 4, from: 0)
    try first.append(Data(update[..<300]))
    #expect(try first.finish() == 300)
    #expect(inbox.file(of: 4, round: 1, digest: declared.digest) == nil)
    // A question changes nothing.
    #expect(try inbox.receive(declared, of: 4, from: 0).finish() == 300)
    let second = try inbox.receive(declared, of: 4, from: 300)
    // Whoever was sending before may not any more.
    #expect(throws: ZorBAError.self) { try first.append(Data(update[300..<301])) }
    try second.append(Data(update[300...]))
    #expect(try second.finish() == 1000)
    let file = try #require(inbox.file(of: 4, round: 1, digest: declared.digest))
    #expect(try contents(of: file) == update)
    #expect(inbox.receivedBytes(of: 4) == 1000)
    #expect(inbox.file(of: 4, round: 2, digest: declared.digest) == nil)
    #expect(inbox.file(of: 3, round: 1, digest: declared.digest) == nil)
    inbox.clear()
    #expect(!exists(folder.path("updates")))
    #expect(throws: ZorBAError.self) { try second.finish() }
  }

  @Test func refusesWhatWasNotDeclared() throws {
    let update = update(64, seed: 2)
    let declared = declaration(of: update)
    var receiver = try inbox.receive(declared, of: 0, from: 0)
    var error = #expect(throws: ZorBAError.self) { try receiver.append(Data(update + [1])) }
    #expect(error?.location.field == "piece")
    #expect(!exists(inbox.path(of: 0)))
    receiver = try inbox.receive(declared, of: 0, from: 0)
    try receiver.append(Data(update.reversed()))
    error = #expect(throws: ZorBAError.self) { try receiver.finish() }
    #expect(error?.location.field == "digest")
    #expect(!exists(inbox.path(of: 0)))
    error = #expect(throws: ZorBAError.self) { try inbox.receive(declared, of: 0, from: 5) }
    #expect(error?.location.field == "offset")
  }

  /// Random calls by random senders: files stay within what was declared, and one that counts is what was
  /// declared.
  @Test(arguments: 0..<20) func survivesAnything(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let updates = (0..<3).map {
      update(Int.random(in: 1...200, using: &random), seed: seed * 3 + $0)
    }
    let declarations = updates.map { declaration(of: $0) }
    var receivers: [(receiver: UpdateReceiver, client: Int, update: Int)] = []
    var complete = 0
    for _ in 0..<400 {
      let client = Int.random(in: 0..<2, using: &random)
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<3:
        let number = Int.random(in: 0..<3, using: &random)
        let held = inbox.held(declarations[number], of: client)
        let any = Int.random(in: 0...updates[number].count, using: &random)
        let offset = Bool.random(using: &random) ? held : any
        if let receiver = try? inbox.receive(declarations[number], of: client, from: offset) {
          receivers.append((receiver, client, number))
        }
      case 3..<9:
        // Mostly the newest sender and what follows, at times anybody and anything.
        let isOrderly = Int.random(in: 0..<4, using: &random) > 0
        guard let last = isOrderly ? receivers.last : receivers.randomElement(using: &random)
        else { continue }
        let update = updates[last.update]
        let start = isOrderly ? (inbox.heldBytes(of: last.client) ?? 0) : 0
        let from = min(start, update.count)
        let to = min(update.count, from + Int.random(in: 0...120, using: &random))
        try? last.receiver.append(Data(update[from..<to]))
        _ = try? last.receiver.finish()
      default:
        if Int.random(in: 0..<10, using: &random) == 0 { inbox.clear() }
      }
      for client in 0..<2 {
        if exists(inbox.path(of: client)) {
          #expect(try contents(of: inbox.path(of: client)).count <= 200)
        }
        for (update, declared) in zip(updates, declarations) {
          guard let file = inbox.file(of: client, round: 1, digest: declared.digest)
          else { continue }
          complete += 1
          #expect(try contents(of: file) == update)
        }
      }
    }
    #expect(complete > 0)
  }
}
