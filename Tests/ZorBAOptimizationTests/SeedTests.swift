import Testing
import ZorBADiagnostics
import ZorBAJSON
import ZorBAOptimization
import ZorBATensor

@Suite struct SeedTests {
  @Test func seedsEqualPythonsHMAC() throws {
    let golden = try Goldens.load("seeds")
    let seed = try #require(golden["run_seed"]?.integer)
    let key = RunKey(seed: UInt64(seed))
    #expect(key.hexadecimal == golden["run_key"]?.string)
    let cases = try #require(golden["seeds"]?.array)
    #expect(cases.count == 5)
    for entry in cases {
      let round = try #require(entry["round"]?.integer)
      let step = try #require(entry["step"]?.integer)
      let direction = try #require(entry["direction"]?.integer)
      let client = try #require(entry["client"]?.integer)
      let expected = try #require(entry["seed"]?.string.flatMap { UInt64($0, radix: 16) })
      let found = key.seed(
        round: UInt64(round), step: UInt32(step), direction: UInt32(direction),
        client: UInt32(client))
      #expect(found == expected)
    }
  }

  @Test func keysSurviveTheirText() throws {
    let key = RunKey.random()
    #expect(try RunKey(hexadecimal: key.hexadecimal) == key)
    #expect(try RunKey(hexadecimal: key.hexadecimal.uppercased()) == key)
    #expect(RunKey.random() != key)
    #expect(RunKey(seed: 1) != RunKey(seed: 2))
  }

  @Test(arguments: ["", "00", String(repeating: "0", count: 63) + "g", "zz"])
  func otherTextIsNoKey(_ text: String) {
    let error = #expect(throws: ZorBAError.self) { try RunKey(hexadecimal: text) }
    #expect(error?.code == .invalidConfiguration)
  }

  @Test func seedsOfOneRoundNeverMeet() {
    let key = RunKey(seed: 3)
    for seeding in SeedingMode.allCases {
      let schedule = DirectionSchedule(
        runKey: key, seeding: seeding, distribution: .rademacher)
      var seeds: Set<UInt64> = [schedule.roundingSeed(round: 4)]
      var expected = 1
      for client in 1...3 as ClosedRange<UInt32> {
        for step in 0..<3 {
          let directions = schedule.directions(round: 4, step: step, count: 4, client: client)
          if seeding == .perClient || client == 1 { expected += 4 }
          seeds.formUnion(directions.map(\.seed))
          seeds.insert(schedule.localRoundingSeed(round: 4, step: step, client: client))
          expected += 1
        }
      }
      #expect(seeds.count == expected)
    }
  }
}
