import Testing
import ZorBADiagnostics
import ZorBAJournal
import ZorBAOptimization
import ZorBATestSupport

/// Mutated input gives errors, never traps, and never a record that was not written.
@Suite struct JournalFuzzTests {
  private static func mutate(_ bytes: inout [UInt8], using generator: inout SeededGenerator) {
    for _ in 0..<Int.random(in: 1...3, using: &generator) {
      let place = Int.random(in: 0...bytes.count, using: &generator)
      let length = min(Int.random(in: 0...24, using: &generator), bytes.count - place)
      let noise = (0..<Int.random(in: 0...24, using: &generator)).map { _ in
        [0, 0x7F, 0x80, 0xFF, UInt8.random(in: 0...255, using: &generator)]
          .randomElement(using: &generator) ?? 0
      }
      switch Int.random(in: 0..<5, using: &generator) {
      case 0: bytes.replaceSubrange(place..<place + length, with: noise)
      case 1: bytes.removeSubrange(place..<place + length)
      case 2: bytes.insert(contentsOf: bytes[place..<place + length], at: place)
      case 3: bytes.removeLast(bytes.count - place)
      default:
        if place < bytes.count { bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator) }
      }
    }
  }

  @Test func mutatedFilesGiveErrorsOrAPrefix() throws {
    var generator = SeededGenerator(seed: 90)
    let folder = try TemporaryFolder()
    let path = folder.path("run.zorba")
    _ = try SampleJournal.write(
      to: path, header: SampleJournal.header(seeding: .perClient, using: &generator), count: 12,
      using: &generator)
    let bytes = try TemporaryFolder.read(path)
    let entries = try SampleJournal.read(path).entries
    var failures = 0
    for _ in 0..<6000 {
      var mutated = bytes
      Self.mutate(&mutated, using: &generator)
      let target = try folder.write(mutated, to: "mutated.zorba")
      do {
        let read = try SampleJournal.read(target).entries
        #expect(read == Array(entries.prefix(read.count)))
      } catch let error as ZorBAError {
        #expect(error.code == .invalidJournal)
        failures += 1
      }
    }
    #expect(failures > 3000)
  }

  /// The chain keeps mutated payloads away from the decoders, so they are fed directly.
  @Test func mutatedPayloadsGiveErrorsOrCanonicalRecords() throws {
    var generator = SeededGenerator(seed: 91)
    for seeding in SeedingMode.allCases {
      let header = SampleJournal.header(seeding: seeding, using: &generator)
      let records = try SampleJournal.records(count: 60, header: header, using: &generator)
      var accepted = 0
      for index in 0..<6000 {
        let record = records[index % records.count]
        var payload = record.payload
        Self.mutate(&payload, using: &generator)
        do {
          let decoded = try JournalRecord(type: record.type, payload: payload)
          accepted += 1
          // JSON text has many spellings; every other payload has one.
          if case .branch = decoded { continue }
          #expect(decoded.payload == payload)
        } catch let error as ZorBAError {
          #expect(error.code == .invalidJournal)
        }
      }
      #expect(accepted > 0)
    }
  }

  @Test func mutatedHeadersGiveErrorsOrHeaders() throws {
    var generator = SeededGenerator(seed: 92)
    let payload = SampleJournal.header(using: &generator).encoded
    var failures = 0
    for _ in 0..<6000 {
      var mutated = payload
      Self.mutate(&mutated, using: &generator)
      do {
        let header = try JournalHeader(encoded: mutated)
        #expect(try JournalHeader(encoded: header.encoded) == header)
      } catch let error as ZorBAError {
        #expect(error.code == .invalidJournal)
        failures += 1
      }
    }
    #expect(failures > 3000)
  }

  /// A few bytes that promise millions of numbers are refused before memory is taken for them.
  @Test func hugePromisesAreRefused() throws {
    let million: [UInt8] = [0xFF, 0xFF, 0x3F]
    let largest: [UInt8] = [UInt8](repeating: 0xFF, count: 9) + [0x01]
    let rate = [UInt8](repeating: 0, count: 8)
    let rounds: [[UInt8]] = [
      [1, 0] + rate + [1, 1, 0, 1, 0] + million,
      [1, 0] + rate + [1, 1, 1, 0] + million + [0],
      [1, 0] + rate + [1, 1, 1, 0] + largest,
      [1, 0] + rate + [1, 1] + largest,
      [1, 0] + rate + largest + [1, 0],
      [1, 1] + rate + [1, 1, 1, 0] + million + [1, 0] + million,
    ]
    for payload in rounds {
      #expect(throws: ZorBAError.self) { _ = try CommittedRound(encoded: payload) }
    }
    // 200 clients with a million blocks each.
    let plan: [UInt8] =
      [1, 1, 1, 0, 0xC7, 0x01]
      + (0..<200).flatMap { _ in [1, 0] + million }
    #expect(throws: ZorBAError.self) { _ = try JournalRecord(type: 3, payload: plan) }
    #expect(throws: ZorBAError.self) {
      _ = try JournalRecord(type: 3, payload: [1] + largest)
    }
    let windowed = [plan[0], 2] + plan[1...]
    #expect(throws: ZorBAError.self) { _ = try JournalRecord(type: 7, payload: windowed) }
    // A window that no run has, one of none, and one that has a type of its own.
    for window in [largest, [0x81, 0x80, 0x80, 0x80, 0x10], [0], [1]] {
      #expect(throws: ZorBAError.self) {
        _ = try JournalRecord(type: 7, payload: [1] + window + [1, 1, 0, 0, 0])
      }
    }
    #expect(throws: Never.self) {
      try JournalRecord(type: 7, payload: [1, 0x80, 0x80, 0x80, 0x80, 0x10, 1, 1, 0, 0, 0])
    }
    #expect(throws: ZorBAError.self) {
      _ = try JournalRecord(type: 4, payload: [1, 1, 0] + million)
    }
  }
}
