import Testing
import ZorBADiagnostics
import ZorBASitePolicy
import ZorBATestSupport

@Suite struct LedgerTests {
  private static func charge(
    _ ledger: SiteLedger, run: String = "run", round: Int? = 1, bytes: Int = 10,
    isAnswer: Bool = true, at now: UTCInstant = .monday
  ) throws {
    try ledger.charge(run: run, round: round, bytes: bytes, isAnswer: isAnswer, at: now)
  }

  /// Places in a file of two copies where a tear could matter: the text, the ends of both copies
  /// and some in between.
  private static let places: [Int] = {
    let copy = 4096
    let around = [0, copy, 2 * copy].flatMap { ($0 - 40)...($0 + 40) }
    let text = Array(0..<420) + Array(copy..<(copy + 420))
    return Set(around + text + stride(from: 0, through: 2 * copy, by: 127))
      .filter { (0...(2 * copy)).contains($0) }.sorted()
  }()

  @Test func countsSurviveReopening() throws {
    let folder = try TemporaryFolder()
    for number in 1...5 {
      let ledger = try SiteLedger(folder: folder.path)
      try Self.charge(ledger, run: number % 2 == 0 ? "even" : "odd", round: 3, bytes: number)
      let usage = ledger.usage(run: "odd", round: 3, at: .monday)
      #expect(usage.rounds == number && usage.roundsToday == number)
      #expect(usage.bytesToday == number * (number + 1) / 2)
      #expect(usage.bytesThisRound == stride(from: 1, through: number, by: 2).reduce(0, +))
    }
    #expect(try folder.mode(of: SiteLedger.fileName) == 0o600)
    #expect(try SiteLedger.usage(inFolder: folder.path, at: .monday)?.rounds == 5)
  }

  @Test func anotherRoundBeginsAnotherSum() throws {
    let folder = try TemporaryFolder()
    let ledger = try SiteLedger(folder: folder.path)
    try Self.charge(ledger, round: 1)
    try Self.charge(ledger, round: 1, isAnswer: false)
    try Self.charge(ledger, round: nil, bytes: 1, isAnswer: false)
    #expect(ledger.usage(run: "run", round: 1, at: .monday).bytesThisRound == 20)
    #expect(ledger.usage(run: "run", round: 2, at: .monday).bytesThisRound == 0)
    try Self.charge(ledger, round: 2)
    #expect(ledger.usage(run: "run", round: 2, at: .monday).bytesThisRound == 10)
    #expect(ledger.usage(run: "run", round: 2, at: .monday).rounds == 2)
    #expect(ledger.usage(run: "run", round: 2, at: .monday).bytesToday == 31)
  }

  @Test func oneProcessHoldsALedger() throws {
    let folder = try TemporaryFolder()
    do {
      let ledger = try SiteLedger(folder: folder.path)
      #expect(throws: ZorBAError.self) { try SiteLedger(folder: folder.path) }
      try Self.charge(ledger)
    }
    #expect(try SiteLedger(folder: folder.path).usage(run: "", round: nil, at: .monday).rounds == 1)
  }

  @Test func aFolderThatCannotBeMadeIsNamed() {
    do {
      _ = try SiteLedger(folder: "/dev/null/state")
      Issue.record("made")
    } catch {
      #expect((error as? ZorBAError)?.location.file == "/dev/null/state")
    }
  }

  /// The process dies after any number of bytes of a write; what was acknowledged stays counted.
  @Test func aCrashInAWriteForgetsNothing() throws {
    let folder = try TemporaryFolder()
    let disk = FailingDisk()
    var acknowledged = 0
    for place in Self.places {
      do {
        let ledger = try SiteLedger(folder: folder.path, calls: disk.calls)
        #expect(ledger.usage(run: "run", round: nil, at: .monday).rounds >= acknowledged)
        // Whatever was recovered is what is acknowledged from here on.
        try Self.charge(ledger)
        acknowledged = ledger.usage(run: "run", round: nil, at: .monday).rounds
        disk.failAfter(bytes: place)
        if place < 8192 {
          #expect(throws: ZorBAError.self) { try Self.charge(ledger) }
        }
        #expect(ledger.usage(run: "run", round: nil, at: .monday).rounds >= acknowledged)
        disk.failAfter(bytes: Int.max)
      }
      let after = try SiteLedger(folder: folder.path).usage(run: "run", round: nil, at: .monday)
      #expect(after.rounds == acknowledged || after.rounds == acknowledged + 1, "\(place)")
    }
  }

  @Test func aCrashInTheFirstWriteLeavesNoHalfLedger() throws {
    for place in [0, 1, 4096, 5000, 8191] {
      let folder = try TemporaryFolder()
      let disk = FailingDisk()
      disk.failAfter(bytes: place)
      #expect(throws: ZorBAError.self) { try SiteLedger(folder: folder.path, calls: disk.calls) }
      #expect(
        try SiteLedger(folder: folder.path).usage(run: "", round: nil, at: .monday).rounds == 0)
    }
  }

  /// Whatever is done to the file, it is refused or counts at least what was acknowledged.
  @Test func aDamagedFileIsRefusedOrCountsEverything() throws {
    let folder = try TemporaryFolder()
    try {
      let ledger = try SiteLedger(folder: folder.path)
      for round in 1...7 { try Self.charge(ledger, round: round, bytes: 100) }
    }()
    let whole = try folder.read(SiteLedger.fileName)
    var generator = SeededGenerator(seed: 9)
    var damaged = Self.places.map { Array(whole[..<$0]) }
    for _ in 0..<300 {
      var bytes = whole
      let first = Int.random(in: 0..<bytes.count, using: &generator)
      let last = min(bytes.count, first + Int.random(in: 1...6000, using: &generator))
      let filling: UInt8 =
        Bool.random(using: &generator) ? 0 : .random(in: 0...255, using: &generator)
      bytes.replaceSubrange(first..<last, with: repeatElement(filling, count: last - first))
      damaged.append(bytes)
      damaged.append(generator.mutated(whole, within: 0..<400))
    }
    var (refused, recovered) = (0, 0)
    for bytes in damaged {
      try folder.write(bytes, to: SiteLedger.fileName)
      do {
        let usage = try SiteLedger(folder: folder.path).usage(run: "run", round: 7, at: .monday)
        recovered += 1
        #expect(usage.rounds == 7 && usage.bytesToday == 700 && usage.bytesThisRound == 100)
      } catch let error as ZorBAError {
        refused += 1
        #expect(error.code == .refused && error.advice != nil)
      }
    }
    #expect(refused > 50 && recovered > 50)
  }

  @Test func aCountThatIsNotOnTheDiskIsNoCount() throws {
    let folder = try TemporaryFolder()
    let disk = FailingDisk()
    let ledger = try SiteLedger(folder: folder.path, calls: disk.calls)
    disk.failToSynchronize(true)
    #expect(throws: ZorBAError.self) { try Self.charge(ledger) }
    #expect(ledger.usage(run: "run", round: 1, at: .monday).rounds == 1)
    disk.failToSynchronize(false)
    try Self.charge(ledger)
    #expect(ledger.usage(run: "run", round: 1, at: .monday).rounds == 2)
  }

  /// Against a model that knows the latest day: only a later day begins anew.
  @Test func aClockThatGoesBackResetsNothing() throws {
    let folder = try TemporaryFolder()
    var generator = SeededGenerator(seed: 21)
    var (latest, rounds, bytes) = (0, 0, 0)
    for _ in 0..<12 {
      let ledger = try SiteLedger(folder: folder.path)
      for _ in 0..<12 {
        let day = Int.random(in: 100...130, using: &generator)
        let now = UTCInstant(
          secondsSince1970: day * 86_400 + Int.random(in: 0..<86_400, using: &generator))
        if day > latest { (latest, rounds, bytes) = (day, 0, 0) }
        let before = ledger.usage(run: "run", round: nil, at: now)
        #expect(before.day == latest && before.roundsToday == rounds && before.bytesToday == bytes)
        let size = Int.random(in: 0...9, using: &generator)
        try Self.charge(ledger, bytes: size, at: now)
        rounds += 1
        bytes += size
        let after = ledger.usage(run: "run", round: nil, at: now)
        #expect(after.day == latest && after.roundsToday == rounds && after.bytesToday == bytes)
      }
    }
  }

  @Test func sumsStayWhenThereAreManyRuns() throws {
    let folder = try TemporaryFolder()
    let name = String(repeating: "\u{1}", count: 300)
    for part in 0..<3 {
      let ledger = try SiteLedger(folder: folder.path)
      for number in 0..<60 { try Self.charge(ledger, run: "\(name)\(part)-\(number)", round: 4) }
      #expect(
        ledger.usage(run: "\(name)\(part)-59", round: 4, at: .monday).bytesThisRound == 10)
    }
    let ledger = try SiteLedger(folder: folder.path)
    let usage = ledger.usage(run: "\(name)2-59", round: 4, at: .monday)
    #expect(usage.rounds == 180 && usage.bytesToday == 1800 && usage.bytesThisRound == 10)
    #expect(try folder.read(SiteLedger.fileName).count == 8192)
  }

  @Test func hugeCountsStayHuge() throws {
    let folder = try TemporaryFolder()
    let ledger = try SiteLedger(folder: folder.path)
    try Self.charge(ledger, bytes: Int.max)
    try Self.charge(ledger, bytes: Int.max)
    try Self.charge(ledger, bytes: -5)
    let usage = ledger.usage(run: "run", round: 1, at: .monday)
    #expect(usage.bytesToday == Int.max && usage.bytesThisRound == Int.max && usage.rounds == 3)
  }
}
