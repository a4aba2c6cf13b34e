import ZorBACheckpoint
import ZorBADiagnostics
import ZorBAJSON
import ZorBAPlanning
import ZorBATensor

extension SiteCalibration {
  /// Reads a calibration file.
  ///
  /// Every member must be there and in its range, and none may be added: a file that says something
  /// this version does not know was meant for another one.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput` when the file cannot be read, `invalidData` naming
  ///   the field that cannot be used.
  package init(path: String) throws {
    let contents = try MappedFile(path: path, emptyFileCode: .invalidData)
    try self.init(parsing: contents.bytes, file: path)
  }

  /// Far more than the largest model's.
  static let maximumByteCount = 1 << 22

  /// Parses a calibration.
  ///
  /// - Throws: As `init(path:)`.
  package init(parsing bytes: some Collection<UInt8>, file: String? = nil) throws {
    guard bytes.count <= Self.maximumByteCount else {
      throw ZorBAError(
        .invalidData, "is larger than any calibration", at: .init(file: file),
        advice: "Give a file that 'zorba doctor --calibrate --out FILE' wrote.")
    }
    let value = try JSONParser.parse(bytes, file: file)
    // Before anything else, so that another kind of file is told what it lacks.
    guard value["format"]?.string == Self.format else {
      throw ZorBAError(
        .invalidData, "is no calibration", at: .init(file: file, field: "format"),
        advice: "Give a file that 'zorba doctor --calibrate --out FILE' wrote.")
    }
    guard value["version"]?.integer == Self.version else {
      throw ZorBAError(
        .invalidData, "version \(value["version"]?.serialized.excerpt() ?? "none") is not known",
        at: .init(file: file, field: "version"),
        advice: "This version reads \(Self.version); calibrate again.")
    }
    let root = try CalibrationFields(
      value,
      names: ["format", "version", "machine", "model", "step", "time", "memory", "errors"],
      file: file)
    let subject = try Self.subject(root)
    let step = try root.fields("step", names: Self.stepNames)
    let blocks = subject.blockCount...subject.blockCount
    self.init(
      machine: try Self.machine(root), subject: subject, settings: try Self.settings(step),
      work: StepWork(
        entryOperations: try step.number("entry_operations", upTo: Self.mostOperations),
        blockOperations: try step.numbers(
          "block_operations", upTo: Self.mostOperations, count: blocks),
        headOperations: try step.number("head_operations", upTo: Self.mostOperations),
        blockParameters: subject.parameters.dropFirst().map(Double.init),
        outerParameters: Double(subject.parameters[0])),
      time: try Self.time(root, blocks: blocks), memory: try Self.memory(root, blocks: blocks),
      timeError: try Self.error(root, "time"), memoryError: try Self.error(root, "memory"))
  }

  private static let stepNames = [
    "batch", "tokens", "directions", "perturbation", "outer", "entry_operations",
    "block_operations", "head_operations",
  ]
  /// Sums of so many bytes over so many blocks stay far from overflow.
  private static let bytes = 0...1 << 44
  private static let mostBlocks = 1 << 14
  private static let mostOperations = 1e18
  /// No machine takes a second for an operation.
  private static let slowest = 1.0
  private static let mostSeconds = 1e6

  private static func machine(_ root: CalibrationFields) throws -> Machine {
    let fields = try root.fields(
      "machine", names: ["processor", "isa", "processors", "threads", "memory_bytes"])
    return Machine(
      processor: try fields.text("processor"), instructionSet: try fields.text("isa"),
      processors: try fields.integer("processors", in: 1...1 << 20),
      threads: try fields.integer("threads", in: 1...1 << 20),
      memoryBytes: try fields.integer("memory_bytes", in: 0...1 << 52))
  }

  private static func subject(_ root: CalibrationFields) throws -> Subject {
    let fields = try root.fields("model", names: ["name", "family", "dtype", "parameters"])
    guard let dtype = DType(rawValue: try fields.text("dtype")) else {
      throw fields.fault("dtype", "is none of \(DType.allCases.map(\.rawValue))")
    }
    return Subject(
      name: try fields.text("name"), family: try fields.text("family"), dtype: dtype,
      parameters: try fields.integers(
        "parameters", in: bytes, count: 2...mostBlocks + 1))
  }

  private static func settings(_ fields: CalibrationFields) throws -> Settings {
    let names = PerturbationDistribution.allCases.map(\.rawValue)
    guard
      let perturbation = PerturbationDistribution(rawValue: try fields.text("perturbation"))
    else { throw fields.fault("perturbation", "is none of \(names)") }
    return Settings(
      batch: try fields.integer("batch", in: 1...1 << 16),
      sequence: try fields.integer("tokens", in: 1...1 << 24),
      directions: try fields.integer("directions", in: 1...4096), perturbation: perturbation,
      outer: try fields.flag("outer"))
  }

  private static func time(
    _ root: CalibrationFields, blocks: ClosedRange<Int>
  ) throws -> TimeModel {
    let fields = try root.fields(
      "time",
      names: [
        "fixed_seconds", "head_seconds_per_operation", "update_fixed_seconds", "types", "rates",
      ])
    let rates = try fields.list("rates", names: rateNames, count: 1...blocks.lowerBound)
    let types = try fields.integers("types", in: 0...rates.count - 1, count: blocks)
    return TimeModel(
      fixed: try fields.number("fixed_seconds", upTo: mostSeconds),
      head: try fields.number("head_seconds_per_operation", upTo: slowest),
      updateFixed: try fields.number("update_fixed_seconds", upTo: mostSeconds), types: types,
      rates: try rates.map { rates in
        let values = try rateNames.map { try rates.number($0, upTo: slowest) }
        return .init(
          prefix: values[0], suffix: values[1], active: values[2], generation: values[3],
          write: values[4], term: values[5])
      })
  }

  private static let rateNames = [
    "prefix_seconds_per_operation", "suffix_seconds_per_operation", "active_seconds_per_operation",
    "generation_seconds_per_parameter", "write_seconds_per_parameter",
    "term_seconds_per_parameter",
  ]

  private static func memory(
    _ root: CalibrationFields, blocks: ClosedRange<Int>
  ) throws -> MemoryModel {
    let fields = try root.fields(
      "memory",
      names: [
        "process_bytes", "scratch_bytes", "activation_bytes", "weights_bytes", "tensor_bytes",
        "resident_bytes", "passing_bytes",
      ])
    let count = blocks.lowerBound + 1
    let whole = try fields.integers("resident_bytes", in: bytes, count: count...count)
    let passing = try fields.integers("passing_bytes", in: bytes, count: count...count)
    return MemoryModel(
      processBytes: try fields.integer("process_bytes", in: bytes),
      scratchBytes: try fields.integer("scratch_bytes", in: bytes),
      activationBytes: try fields.integer("activation_bytes", in: bytes),
      demands: zip(whole, passing).map { .init(whole: $0, passing: $1) },
      tensorBytes: try fields.integers("tensor_bytes", in: bytes, count: count...count),
      weightsBytes: try fields.integer("weights_bytes", in: 0...1 << 52), isStreamed: true)
  }

  private static func error(_ root: CalibrationFields, _ name: String) throws -> FitError? {
    let errors = try root.fields("errors", names: ["time", "memory"])
    guard
      let fields = try errors.optionalFields(name, names: ["held_out", "median", "maximum"])
    else { return nil }
    return FitError(
      count: try fields.integer("held_out", in: 1...1 << 20),
      median: try fields.number("median", upTo: 1e9),
      maximum: try fields.number("maximum", upTo: 1e9))
  }
}
