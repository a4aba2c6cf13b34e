import ZorBAJSON
import ZorBAJournal
import ZorBAOptimization
import ZorBATensor
import ZorBATestSupport

/// Random headers and records that a real run could have written.
enum SampleJournal {
  static func digest(_ generator: inout SeededGenerator) -> Digest128 {
    Digest128(prefixOf: (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) })
  }

  static func header(
    seeding: SeedingMode = .shared, blockCount: Int = 4, using generator: inout SeededGenerator
  ) -> JournalHeader {
    JournalHeader(
      schedule: DirectionSchedule(
        runKey: RunKey(seed: generator.next()), seeding: seeding,
        distribution: PerturbationDistribution.allCases.randomElement(using: &generator)
          ?? .gaussian),
      base: StateDigest(blocks: (0..<blockCount).map { _ in digest(&generator) }),
      model: ModelFingerprint(
        family: "opt",
        blocks: (0..<blockCount).map { block in
          (0..<Int.random(in: 0...2, using: &generator)).map {
            .init(
              name: "layers.\(block).\($0).\"weïght\"",
              dtype: DType.allCases.randomElement(using: &generator) ?? .float32, shape: [3, 4])
          }
        }),
      configuration: ["rounds": 10, "mu": 1e-3, "note": "Grüße\n", "list": [true, nil, -1]])
  }

  static func subset(_ range: Range<Int>, _ generator: inout SeededGenerator) -> [Int] {
    range.filter { _ in Bool.random(using: &generator) }
  }

  static func round(
    number: UInt64, header: JournalHeader, using generator: inout SeededGenerator
  ) throws -> CommittedRound {
    let (steps, directions) = (
      Int.random(in: 1...3, using: &generator), Int.random(in: 1...3, using: &generator)
    )
    func blocks(_ generator: inout SeededGenerator) -> [CommittedRound.BlockCoefficients] {
      subset(0..<header.model.blocks.count, &generator).map { block in
        .init(
          block: block,
          values: (0..<steps * directions).map { _ in
            Float.random(in: -1...1, using: &generator) * 1e-4
          })
      }
    }
    let clients = subset(1..<9, &generator).map { UInt32($0 * $0 * $0) }
    var perClient: [CommittedRound.ClientCoefficients] = []
    for client in clients {
      perClient.append(.init(client: client, blocks: blocks(&generator)))
    }
    return try CommittedRound(
      number: number, learningRate: Double.random(in: 0...1, using: &generator),
      directions: directions, steps: steps,
      decay: Bool.random(using: &generator) ? 1 : 0.999, participants: clients,
      coefficients: header.schedule.seeding == .shared
        ? .shared(blocks(&generator)) : .perClient(perClient))
  }

  static func plan(
    firstRound: UInt64, header: JournalHeader, using generator: inout SeededGenerator
  ) -> PlanRecord {
    PlanRecord(
      firstRound: firstRound,
      window: Bool.random(using: &generator) ? 1 : UInt64.random(in: 2...400, using: &generator),
      cycle: (0..<Int.random(in: 1...3, using: &generator)).map { _ in
        subset(1..<6, &generator).map {
          .init(
            client: UInt32($0), blocks: subset(0..<header.model.blocks.count, &generator))
        }
      })
  }

  /// Records in an order that a journal accepts.
  static func records(
    count: Int, header: JournalHeader, using generator: inout SeededGenerator
  ) throws -> [JournalRecord] {
    var lastRound: UInt64 = 0
    var ended = false
    return try (0..<count).map { _ in
      if ended {
        ended = false
        return .branch(
          BranchMarker(round: lastRound, configuration: ["lr": 0.5, "nested": ["a": []]]))
      }
      switch Int.random(in: 0..<10, using: &generator) {
      case 0: return .plan(plan(firstRound: lastRound + 1, header: header, using: &generator))
      case 1:
        return .digest(
          DigestCheckpoint(
            round: lastRound,
            entries: [0, 2].map { .init(block: $0, digest: digest(&generator)) }))
      case 2:
        return .ancillary(
          type: UInt8.random(in: 128...255, using: &generator),
          payload: (0..<Int.random(in: 0...40, using: &generator)).map {
            UInt8(truncatingIfNeeded: $0 * 37)
          })
      case 3:
        ended = true
        return .end(EndMarker(round: lastRound, reason: "done ½"))
      default:
        lastRound += UInt64.random(in: 1...200, using: &generator)
        return .round(try round(number: lastRound, header: header, using: &generator))
      }
    }
  }

  /// Writes a journal and returns its records.
  static func write(
    to path: String, header: JournalHeader, count: Int, using generator: inout SeededGenerator
  ) throws -> [JournalRecord] {
    let writer = try JournalWriter.create(at: path, header: header, durability: .onRequest)
    let records = try records(count: count, header: header, using: &generator)
    for record in records { try writer.append(record) }
    try writer.synchronize()
    return records
  }

  /// Reads a whole journal.
  static func read(_ path: String) throws -> (entries: [JournalReader.Entry], torn: Int) {
    let reader = try JournalReader(path: path)
    var entries: [JournalReader.Entry] = []
    while let entry = try reader.next() { entries.append(entry) }
    return (entries, reader.tornByteCount)
  }
}
