import ZorBADiagnostics
import ZorBAJSON
import ZorBAOptimization
import ZorBATensor

/// The header's payload: one JSON object with its members in this order.
extension JournalHeader {
  package var encoded: [UInt8] { Array(json.serialized.utf8) }

  private var json: JSONValue {
    [
      "numerics": .integer(Self.numericsVersion),
      "run_key": .string(schedule.runKey.hexadecimal),
      "seeding": .string(schedule.seeding.rawValue),
      "perturbation": .string(schedule.distribution.rawValue),
      "base": [
        "state": .string(base.state.description),
        "blocks": .array(base.blocks.map { .string($0.description) }),
      ],
      "model": [
        "family": .string(model.family),
        "blocks": .array(model.blocks.map { .array($0.map(Self.json)) }),
      ],
      "configuration": configuration,
    ]
  }

  private static func json(_ tensor: ModelFingerprint.TensorEntry) -> JSONValue {
    [
      .string(tensor.name), .string(tensor.dtype.rawValue),
      .array(tensor.shape.map { .integer($0) }),
    ]
  }

  /// - Throws: `ZorBAError` with code `invalidJournal` naming the member that is wrong.
  package init(encoded: [UInt8]) throws {
    let json = try JSONParser.parse(encoded, code: .invalidJournal)
    guard let numerics = json["numerics"]?.integer else { throw Self.fault("numerics") }
    guard numerics == Self.numericsVersion else {
      throw ZorBAError(
        .invalidJournal,
        "the journal uses numerics spec \(numerics); this version knows spec "
          + "\(Self.numericsVersion)", advice: "Use a newer ZorBA.")
    }
    guard let key = json["run_key"]?.string else { throw Self.fault("run_key") }
    let seeding: SeedingMode = try Self.choice(json, "seeding")
    let distribution: PerturbationDistribution = try Self.choice(json, "perturbation")
    schedule = DirectionSchedule(
      runKey: try RunKey(hexadecimal: key, code: .invalidJournal), seeding: seeding,
      distribution: distribution)

    let digests = try Self.array(json["base"]?["blocks"], "base.blocks").map { entry in
      guard let digest = entry.string.flatMap({ Digest128(hexadecimal: $0) }) else {
        throw Self.fault("base.blocks")
      }
      return digest
    }
    base = StateDigest(blocks: digests)
    guard json["base"]?["state"]?.string == base.state.description else {
      throw Self.fault("base.state")
    }

    guard let family = json["model"]?["family"]?.string else { throw Self.fault("model.family") }
    model = ModelFingerprint(
      family: family,
      blocks: try Self.array(json["model"]?["blocks"], "model.blocks").map { block in
        try Self.array(block, "model.blocks").map(Self.tensor)
      })
    guard model.blocks.count == digests.count else { throw Self.fault("base.blocks") }
    guard let configuration = json["configuration"] else { throw Self.fault("configuration") }
    self.configuration = configuration
  }

  private static func tensor(_ json: JSONValue) throws -> ModelFingerprint.TensorEntry {
    guard let parts = json.array, parts.count == 3, let name = parts[0].string,
      let dtype = parts[1].string.flatMap({ DType(rawValue: $0) }), let shape = parts[2].array
    else { throw fault("model.blocks") }
    return ModelFingerprint.TensorEntry(
      name: name, dtype: dtype,
      shape: try shape.map { extent in
        guard let extent = extent.integer, extent >= 0 else { throw fault("model.blocks") }
        return extent
      })
  }

  private static func choice<Value: RawRepresentable<String>>(
    _ json: JSONValue, _ key: String
  ) throws -> Value {
    guard let value = json[key]?.string.flatMap({ Value(rawValue: $0) }) else { throw fault(key) }
    return value
  }

  private static func array(_ json: JSONValue?, _ key: String) throws -> [JSONValue] {
    guard let array = json?.array else { throw fault(key) }
    return array
  }

  private static func fault(_ key: String) -> ZorBAError {
    ByteReader.fault("its member '\(key)' is missing or cannot be used")
  }
}
