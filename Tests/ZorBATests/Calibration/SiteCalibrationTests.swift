import Testing
import ZorBADiagnostics
import ZorBAJSON
import ZorBAPlanning
import ZorBATensor
import ZorBATestSupport

@testable import ZorBA

/// The calibration file: what is written is read, and nothing else.
@Suite struct SiteCalibrationTests {
  static func sample(blocks: Int = 3, seed: UInt64 = 1) -> SiteCalibration {
    var random = SeededGenerator(seed: seed)
    func small() -> Double { Double.random(in: 0...1e-9, using: &random) }
    let types = (0..<blocks).map { $0 == 0 ? 0 : 1 }
    let parameters = (0...blocks).map { _ in Int.random(in: 1...1 << 20, using: &random) }
    return SiteCalibration(
      machine: .init(
        processor: "A processor", instructionSet: "avx2", processors: 4, threads: 2,
        memoryBytes: 1 << 34),
      subject: .init(name: "tiny", family: "llama", dtype: .float32, parameters: parameters),
      settings: .init(
        batch: 16, sequence: 64, directions: 2, perturbation: .gaussian, outer: false),
      work: StepWork(
        blockOperations: types.map { _ in Double.random(in: 1e6...1e9, using: &random) },
        headOperations: 1e8, blockParameters: parameters.dropFirst().map(Double.init),
        outerParameters: Double(parameters[0])),
      time: TimeModel(
        fixed: small(), head: small(), updateFixed: small(), types: types,
        rates: (0..<min(2, blocks)).map { _ in
          .init(
            prefix: small(), suffix: small(), active: small(), generation: small(),
            write: small(), term: small())
        }),
      memory: MemoryModel(
        processBytes: 1 << 24, scratchBytes: 1 << 20, activationBytes: 1 << 22,
        demands: parameters.map { .init(whole: 4 * $0 + 64, passing: 2 * $0) },
        tensorBytes: parameters.map { 4 * $0 }, weightsBytes: 4 * parameters.reduce(0, +),
        isStreamed: true),
      timeError: FitError(count: 5, median: 0.01, maximum: 0.04), memoryError: nil)
  }

  private func read(_ value: JSONValue) throws -> SiteCalibration {
    try SiteCalibration(parsing: Array(value.serialized.utf8), file: "calibration.json")
  }

  @Test func whatIsWrittenIsRead() throws {
    for seed in 1..<20 {
      let sample = Self.sample(blocks: seed, seed: UInt64(seed))
      #expect(try read(sample.json) == sample)
      #expect(
        try SiteCalibration(parsing: Array(sample.json.serializedForReading.utf8)) == sample)
    }
    let folder = try TemporaryFolder()
    let path = try folder.write(Self.sample().json.serializedForReading, to: "calibration.json")
    #expect(try SiteCalibration(path: path) == Self.sample())
  }

  /// The value with one member, found by its path, replaced; nil takes it away.
  private func changed(
    _ value: JSONValue, _ path: [String], to new: JSONValue?
  ) -> JSONValue {
    guard let key = path.first, let object = value.object else { return new ?? .null }
    var result = JSONObject()
    for member in object.members {
      if member.key != key {
        _ = result.append(member)
      } else if path.count > 1 {
        _ = result.append(
          .init(key: key, value: changed(member.value, Array(path.dropFirst()), to: new)))
      } else if let new {
        _ = result.append(.init(key: key, value: new))
      }
    }
    if object[key] == nil, let new, path.count == 1 {
      _ = result.append(.init(key: key, value: new))
    }
    return .object(result)
  }

  private static let faults: [(path: String, value: JSONValue?)] = [
    ("format", "zorba-journal"), ("version", 2), ("machine", nil), ("machine.isa", 7),
    ("machine.threads", 0), ("model.dtype", "int4"), ("model.parameters", []),
    ("model.parameters", [1, -2, 3, 4]), ("step.batch", 0), ("step.perturbation", "uniform"),
    ("step.outer", "no"), ("step.block_operations", [1, 2, -3]), ("step.head_operations", -1),
    ("step.extra", 1), ("time.types", [0, 1, 2]), ("time.rates", []), ("time.rates", [[]]),
    ("time.fixed_seconds", "1"), ("time.fixed_seconds", .number(1e300)),
    ("memory.process_bytes", -1), ("memory.process_bytes", .number(1.5)),
    ("memory.resident_bytes", [1, 2, 3]), ("memory.weights_bytes", .integer(.max)),
    ("errors.time", 1), ("errors.time", ["held_out": 1, "median": 0]),
    ("surprise", 1),
  ]

  @Test(arguments: faults.indices)
  func errorsNameTheField(_ index: Int) throws {
    let (path, value) = Self.faults[index]
    let keys = path.split(separator: ".").map(String.init)
    let bytes = Array(changed(Self.sample().json, keys, to: value).serialized.utf8)
    let error = #expect(throws: ZorBAError.self) {
      try SiteCalibration(parsing: bytes, file: "calibration.json")
    }
    #expect(error?.code == .invalidData)
    #expect(error?.location.file == "calibration.json")
    #expect(error?.advice?.isEmpty == false)
    let field = try #require(error?.location.field)
    let root = keys[0]
    #expect(field.hasPrefix(root), "\(path): \(field)")
  }

  @Test func damagedFilesAreErrors() {
    let bytes = Array(Self.sample().json.serializedForReading.utf8)
    var random = SeededGenerator(seed: 11)
    var read = 0
    for _ in 0..<6000 {
      let mutated = random.mutated(bytes, within: 0..<bytes.count)
      do {
        let calibration = try SiteCalibration(parsing: mutated)
        // What passes can be used without trapping.
        let costs = calibration.siteCosts(.init(directions: 3, localSteps: 2, outer: true))
        let row = [Bool](repeating: true, count: calibration.subject.blockCount)
        #expect(costs.seconds(row).isFinite && costs.memory(row).isFinite)
        read += 1
      } catch {
        #expect(error is ZorBAError)
      }
    }
    // Some mutations only change a digit.
    #expect(read > 0 && read < 6000)
  }

  @Test func otherMinibatchesAreScaled() {
    let sample = Self.sample()
    let load = sample.load(tokens: 2048, directions: 4)
    for (scaled, measured) in zip(load.work.blockOperations, sample.work.blockOperations) {
      #expect(scaled == 2 * measured)
    }
    #expect(load.work.blockParameters == sample.work.blockParameters)
    #expect(load.activationBytes == 4 * sample.memory.activationBytes)
    let row = [true, false, true]
    let round = SiteCosts.Round(directions: 2)
    let same = sample.siteCosts(round)
    let larger = sample.siteCosts(round, load: sample.load(tokens: 2048, directions: 2))
    #expect(larger.seconds(row) > same.seconds(row))
    #expect(
      larger.memory(row) - same.memory(row) == Double(sample.memory.activationBytes))
  }

  @Test func memoryFollowsTheModel() {
    let sample = Self.sample()
    let streamed = sample.siteCosts(.init(directions: 2))
    var memory = sample.memory
    #expect(streamed.fixedBytes == memory.linear(outer: false).fixed)
    #expect(streamed.residentBytes == memory.linear(outer: false).resident)
    memory.isStreamed = false
    memory.hasSnapshot = true
    let resident = sample.siteCosts(.init(directions: 2, localSteps: 2), isStreamed: false)
    #expect(resident.residentBytes == memory.linear(outer: false).resident)
  }

  @Test func differencesAreSaidInWords() {
    let sample = Self.sample()
    #expect(
      sample.differences(
        instructionSet: .avx2, threads: 2, dtype: .float32, perturbation: .gaussian) == [])
    #expect(
      sample.differences(
        instructionSet: .scalar, threads: 1, dtype: .bfloat16, perturbation: .popcount
      ).count == 4)
  }
}
