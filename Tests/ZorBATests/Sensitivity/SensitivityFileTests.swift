import Testing
import ZorBADiagnostics
import ZorBAJSON
import ZorBAPlanning
import ZorBATestSupport

@testable import ZorBA

@Suite struct SensitivityFileTests {
  private let sample = MeasuredSensitivity(
    clients: ["north", "süd"],
    estimate: BlockSensitivity(
      gradientEnergy: [1.5, 0, 3e-7], clientSpread: [0.25, 1, 2],
      sampleNoise: [[1, 2, 3], [4, 5, 6.5]]),
    intervals: SensitivityIntervals(
      gradientEnergy: [.init(lower: -0.5, upper: 3), nil, .init(lower: 0, upper: 0)],
      clientSpread: [nil, nil, nil], sampleNoise: [.init(lower: 1, upper: 9), nil, nil]),
    directions: 50, seconds: 1.25, roundsEquivalent: 12.5)

  private func parsed(_ text: String) throws -> MeasuredSensitivity {
    try MeasuredSensitivity(
      json: try JSONParser.parse(Array(text.utf8), file: "s.json", code: .invalidConfiguration),
      file: "s.json")
  }

  @Test func whatIsWrittenIsRead() throws {
    #expect(try parsed(sample.json.serialized) == sample)
    let folder = try TemporaryFolder()
    let path = try folder.write(sample.json.serialized, to: "s.json")
    #expect(try MeasuredSensitivity(contentsOf: path) == sample)
  }

  @Test func whatIsOptionalMayBeMissing() throws {
    let found = try parsed(
      #"{"clients": ["a"], "gradient_energy": [1], "client_spread": [2], "sample_noise": [[3]]}"#)
    #expect(found.estimate.sampleNoise == [[3]])
    #expect(found.intervals.gradientEnergy == [nil] && found.directions == 0)
  }

  @Test(arguments: [
    (#""directions":50"#, #""directions":-1"#, "directions"),
    (#""directions":50"#, #""directions":"50""#, "directions"),
    (#""seconds":1.25"#, #""seconds":null"#, "seconds"),
    (#""clients":["north","süd"]"#, #""clients":[]"#, "clients"),
    (#""clients":["north","süd"]"#, #""clients":["north","north"]"#, "clients[1]"),
    (#""clients":["north","süd"]"#, #""clients":["north",7]"#, "clients[1]"),
    (#""clients":["north","süd"]"#, #""clients":["north"]"#, "sample_noise"),
    (#"[0.25,1"#, #"[-0.25,1"#, "client_spread[0]"),
    (#"[0.25,1"#, #"[1"#, "client_spread"),
    (#"[4,5,6.5]"#, #"[4,5]"#, "sample_noise[1]"),
    (#"[4,5,6.5]"#, #"[4,true,6.5]"#, "sample_noise[1][1]"),
    (#"[-0.5,3]"#, #"[3,-0.5]"#, "intervals.gradient_energy[0]"),
    (#"[-0.5,3]"#, #"[3]"#, "intervals.gradient_energy[0]"),
    (#""intervals":{"#, #""intervals":{"more":1,"#, "intervals"),
  ])
  func whatIsWrongIsNamed(original: String, wrong: String, field: String) throws {
    let text = [(": ", ":"), (", ", ","), (".0,", ","), (".0]", "]")].reduce(
      sample.json.serialized
    ) { $0.replacing($1.0, with: $1.1) }
    try #require(text.contains(original), "\(text)")
    let error = #expect(throws: ZorBAError.self) {
      _ = try parsed(text.replacing(original, with: wrong))
    }
    #expect(error?.code == .invalidConfiguration)
    #expect(error?.location.field == field && error?.location.file == "s.json")
    #expect(error?.advice != nil)
  }

  @Test func aMissingFileIsNamed() {
    let error = #expect(throws: ZorBAError.self) {
      _ = try MeasuredSensitivity(contentsOf: "/nowhere/s.json")
    }
    #expect(error?.location.file == "/nowhere/s.json")
  }

  /// Damaged files give errors or valid values, never anything else.
  @Test func damageIsSurvived() {
    let original = Array(sample.json.serialized.utf8)
    var mutator = Mutator(seed: 1)
    var random = SeededGenerator(seed: 2)
    var refused = 0
    for number in 0..<20_000 {
      let bytes =
        number % 2 == 0
        ? mutator.mutate(original) : random.mutated(original, within: 0..<original.count)
      do {
        let found = try MeasuredSensitivity(
          json: try JSONParser.parse(bytes, file: "s.json", code: .invalidConfiguration),
          file: "s.json")
        let estimate = found.estimate
        #expect(estimate.clientCount == found.clients.count && estimate.blockCount > 0)
        #expect(estimate.clientSpread.count == estimate.blockCount)
        #expect(found.intervals.sampleNoise.count == estimate.blockCount)
        #expect(
          (estimate.gradientEnergy + estimate.clientSpread + estimate.sampleNoise.joined())
            .allSatisfy { $0 >= 0 && $0.isFinite })
      } catch let error as ZorBAError {
        #expect(error.code == .invalidConfiguration && error.location.file == "s.json")
        refused += 1
      } catch {
        Issue.record("\(error)")
      }
    }
    #expect(refused > 10_000)
  }
}
