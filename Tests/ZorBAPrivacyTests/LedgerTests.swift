import Foundation
import Testing
import ZorBADiagnostics
import ZorBAJSON
import ZorBATestSupport

@testable import ZorBAPrivacy

@Suite struct LedgerTests {
  private final class Folder {
    let path: String
    init() throws {
      let url = FileManager.default.temporaryDirectory
        .appending(path: "zorba-privacy-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
      path = url.path(percentEncoded: false)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    var file: String { path + "/" + PrivacyLedger.fileName }
  }

  private static func terms(
    _ run: String = "run", epsilon: Double = 3, total: Double? = nil, sigma: Double = 2
  ) throws -> PrivacyMeter.Terms {
    let mechanism = try #require(
      SubsampledGaussian(samplingRate: 0.05, noiseMultiplier: sigma))
    return .init(
      run: run, mechanism: mechanism, adjacency: .addRemove, delta: 1e-5, epsilon: epsilon,
      total: total, excess: 1e-9)
  }

  @Test func countsSurvive() throws {
    let folder = try Folder()
    do {
      let ledger = try PrivacyLedger(folder: folder.path)
      let meter = try PrivacyMeter(
        ledger: ledger, account: "a", terms: Self.terms(), uses: 100)
      for _ in 0..<7 { try meter.reserve(1) }
      #expect(meter.count == 7)
    }
    let ledger = try PrivacyLedger(folder: folder.path)
    let meter = try PrivacyMeter(ledger: ledger, account: "a", terms: Self.terms(), uses: 10)
    #expect(meter.count == 7)
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.file)
    #expect((attributes[.posixPermissions] as? Int) == 0o600)
  }

  @Test func oneProcessHoldsALedger() throws {
    let folder = try Folder()
    let held = try PrivacyLedger(folder: folder.path)
    #expect(throws: ZorBAError.self) { try PrivacyLedger(folder: folder.path) }
    #expect(try PrivacyLedger.read(folder: folder.path) == held.state)
  }

  /// Whatever the clock says: what was spent stays spent, and no more is left.
  @Test(arguments: [0, 4_000_000_000])
  func noClockIsRead(_ seconds: Double) throws {
    let folder = try Folder()
    do {
      let ledger = try PrivacyLedger(folder: folder.path)
      try PrivacyMeter(ledger: ledger, account: "a", terms: Self.terms(), uses: 100).reserve(40)
    }
    let before = try PrivacyLedger.read(folder: folder.path)
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: seconds)], ofItemAtPath: folder.file)
    let ledger = try PrivacyLedger(folder: folder.path)
    #expect(ledger.state == before)
    let meter = try PrivacyMeter(ledger: ledger, account: "a", terms: Self.terms(), uses: 1)
    #expect(meter.count == 40)
    try meter.reserve(1)
    let text = String(decoding: try Data(contentsOf: URL(filePath: folder.file)), as: UTF8.self)
    #expect(!text.contains("time") && !text.contains("date"))
  }

  @Test func aRunThatWouldOverspendIsRefusedAtItsStart() throws {
    let folder = try Folder()
    let ledger = try PrivacyLedger(folder: folder.path)
    let error = #expect(throws: ZorBAError.self) {
      try PrivacyMeter(
        ledger: ledger, account: "a", terms: Self.terms(epsilon: 1), uses: 100_000)
    }
    #expect(error?.code == .refused)
    #expect(ledger.state.accounts.isEmpty)
  }

  /// Rounds beyond what was planned are judged one by one, and never past the limit.
  @Test func noUseGoesPastTheRunsEpsilon() throws {
    let folder = try Folder()
    let ledger = try PrivacyLedger(folder: folder.path)
    let terms = try Self.terms(epsilon: 1.2)
    let meter = try PrivacyMeter(ledger: ledger, account: "a", terms: terms, uses: 1)
    var answered = 0
    let error = #expect(throws: ZorBAError.self) {
      while answered < 10_000 {
        try meter.reserve(4)
        answered += 4
      }
    }
    #expect(error?.code == .refused)
    #expect(answered > 10 && answered < 9000)
    #expect(meter.count == answered)
    #expect(meter.spent.epsilon() <= 1.2 && meter.spent.bounds().lower > 0)
    #expect(meter.quickEpsilon >= meter.spent.bounds().lower)
  }

  @Test func runsOfTheSameDataAddUp() throws {
    let folder = try Folder()
    let ledger = try PrivacyLedger(folder: folder.path)
    let first = try PrivacyMeter(
      ledger: ledger, account: "a", terms: Self.terms("first", total: 1.5), uses: 100)
    try first.reserve(100)
    // Other data is another account.
    _ = try PrivacyMeter(
      ledger: ledger, account: "b", terms: Self.terms("second", total: 1.5), uses: 100)
    let error = #expect(throws: ZorBAError.self) {
      for run in 0..<40 {
        let meter = try PrivacyMeter(
          ledger: ledger, account: "a", terms: Self.terms("next \(run)", total: 1.5), uses: 40)
        try meter.reserve(40)
      }
    }
    #expect(error?.code == .refused)
    let entries = ledger.state.entries(of: "a")
    #expect(entries.count > 1)
    #expect(PrivacySpending(entries, delta: 1e-5).epsilon() <= 1.5)
  }

  /// What a run took under another name is its own; what another run took under its name counts too.
  @Test func aRunIsKnownByWhatItIsAndByItsName() throws {
    let folder = try Folder()
    let ledger = try PrivacyLedger(folder: folder.path)
    let entry = PrivacyLedgerState.Entry(
      run: "first", specification: "aa", mechanism: try Self.terms().mechanism,
      adjacency: .addRemove, count: 100_000, excess: 0, delta: 1e-5)
    try ledger.charge([("a", entry)])
    func isRefused(_ run: String, _ specification: String?) throws -> Bool {
      var terms = try Self.terms(run)
      terms.specification = specification
      do {
        let meter = try PrivacyMeter(ledger: ledger, account: "a", terms: terms, uses: 1)
        #expect(meter.count == 0)
        return false
      } catch let error as ZorBAError {
        return error.code == .refused
      }
    }
    #expect(try isRefused("second", "aa"))
    #expect(try isRefused("first", "bb") && isRefused("first", nil))
    #expect(try !isRefused("second", "bb") && !isRefused("second", nil))
    #expect(try PrivacyLedger.read(folder: folder.path) == ledger.state)
  }

  /// A process killed at any byte of any write finds everything that was acknowledged.
  @Test func everyTornWriteKeepsWhatWasAcknowledged() throws {
    let folder = try Folder()
    let ledger = try PrivacyLedger(folder: folder.path)
    let entry = PrivacyLedgerState.Entry(
      run: "r", mechanism: try Self.terms().mechanism, adjacency: .addRemove, count: 1,
      excess: 0, delta: 1e-5)
    try ledger.charge([("a", entry)])
    let before = [UInt8](try Data(contentsOf: URL(filePath: folder.file)))
    try ledger.charge([("a", entry)])
    let after = [UInt8](try Data(contentsOf: URL(filePath: folder.file)))
    #expect(before.count == after.count)
    var random = SeededGenerator(seed: 1)
    let half = before.count / 2
    for _ in 0..<3000 {
      // The first copy is written, or being written; the second begins only when the first is whole.
      let cut = Int.random(in: 0...2 * half, using: &random)
      var torn = Array(after.prefix(cut)) + Array(before.dropFirst(cut))
      // Sectors of the copy that is being written may come in any order.
      if cut < half, Bool.random(using: &random) {
        torn = Array(before.prefix(cut)) + Array(after[cut..<half]) + Array(before[half...])
      }
      let state = try #require(PrivacyLedgerCopies.decoded(torn))
      let count = state.entries(of: "a").reduce(0) { $0 + $1.count }
      #expect(count == 2 || count == 1 && cut < 2 * half)
      if cut >= half { #expect(count == 2) }
    }
  }

  @Test func damageIsFoundAndTheSecondCopyMends() throws {
    let folder = try Folder()
    do {
      let ledger = try PrivacyLedger(folder: folder.path)
      let meter = try PrivacyMeter(ledger: ledger, account: "a", terms: Self.terms(), uses: 9)
      try meter.reserve(3)
    }
    let whole = [UInt8](try Data(contentsOf: URL(filePath: folder.file)))
    var mutator = Mutator(seed: 4)
    let half = whole.count / 2
    for _ in 0..<2000 {
      // Both copies: an error, or the state as it was.
      let bytes = mutator.mutate(whole)
      if let state = PrivacyLedgerCopies.decoded(bytes) {
        #expect(state.entries(of: "a").first?.count == 3)
      }
    }
    var rotten = whole
    rotten[10] ^= 1
    try Data(rotten).write(to: URL(filePath: folder.file))
    #expect(try PrivacyLedger.read(folder: folder.path)?.entries(of: "a").first?.count == 3)
    rotten[half + 10] ^= 1
    try Data(rotten).write(to: URL(filePath: folder.file))
    let error = #expect(throws: ZorBAError.self) { try PrivacyLedger(folder: folder.path) }
    #expect(error?.code == .refused)
  }

  @Test func readingSurvivesAnyText() throws {
    let folder = try Folder()
    let ledger = try PrivacyLedger(folder: folder.path)
    let meter = try PrivacyMeter(ledger: ledger, account: "a", terms: Self.terms(), uses: 9)
    try meter.reserve(3)
    let text = Array(ledger.state.json.serialized.utf8)
    var mutator = Mutator(seed: 8)
    var read = 0
    for _ in 0..<5000 {
      guard let json = try? JSONParser.parse(mutator.mutate(text)) else { continue }
      if let state = PrivacyLedgerState(json) {
        read += 1
        #expect(state.entries(of: "a").allSatisfy { $0.count >= 0 })
      }
    }
    #expect(read > 0)
  }

  @Test func aDiskThatFailsAnswersNothing() throws {
    let folder = try Folder()
    try PrivacyLedger(folder: folder.path).charge([])
    let ledger = try PrivacyLedger(folder: folder.path, synchronize: { _ in -1 })
    let meter = try PrivacyMeter(ledger: ledger, account: "a", terms: Self.terms(), uses: 9)
    let error = #expect(throws: ZorBAError.self) { try meter.reserve(1) }
    #expect(error?.code == .inputOutput)
  }

  @Test func manyRunsGrowTheFile() throws {
    let folder = try Folder()
    do {
      let ledger = try PrivacyLedger(folder: folder.path)
      for run in 0..<120 {
        let entry = PrivacyLedgerState.Entry(
          run: "run \(run)", mechanism: try Self.terms().mechanism, adjacency: .replace,
          count: run + 1, excess: 0, delta: 1e-5)
        try ledger.charge([("a", entry)])
      }
      #expect(throws: ZorBAError.self) { try PrivacyLedger(folder: folder.path) }
    }
    let state = try PrivacyLedger(folder: folder.path).state
    #expect(state.entries(of: "a").map(\.count) == Array(1...120))
    #expect(state.generation == 120)
  }
}
