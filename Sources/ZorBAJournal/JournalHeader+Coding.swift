import ZorBADiagnostics
import ZorBAJSON
import ZorBAOptimization
import ZorBATensor

/// The header's payload: one JSON object with its members in this order.
extension JournalHeader {
  package var encoded: [UInt8] { Array(json.serialized.utf8) }

  private var json: JSONValue {
    var members: [(String, JSONValue)] = [
      ("numerics", .integer(Self.numericsVersion)),
      ("run_key", .string(schedule.runKey.hexadecimal)),
      ("seeding", .string(schedule.seeding.rawValue)),
      ("perturbation", .string(schedule.distribution.rawValue)),
    ]
    // Left out where there is none, as in journals that are older than pools.
    if let pool = schedule.pool { members.append(("pool", .integer(pool.count))) }
    members += [("base", base.json), ("model", model.json), ("configuration", configuration)]
    var object = JSONObject()
    for (key, value) in members { _ = object.append(.init(key: key, value: value)) }
    return .object(object)
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
    var pool: SeedPool?
    if let value = json["pool"] {
      guard let count = value.integer, let found = SeedPool(count: count) else {
        throw Self.fault("pool")
      }
      pool = found
    }
    schedule = DirectionSchedule(
      runKey: try RunKey(hexadecimal: key, code: .invalidJournal), seeding: seeding,
      distribution: distribution, pool: pool)

    base = try StateDigest(json: json["base"])
    model = try ModelFingerprint(json: json["model"])
    guard model.blocks.count == base.blocks.count else { throw Self.fault("base.blocks") }
    guard let configuration = json["configuration"] else { throw Self.fault("configuration") }
    self.configuration = configuration
  }

  private static func choice<Value: RawRepresentable<String>>(
    _ json: JSONValue, _ key: String
  ) throws -> Value {
    guard let value = json[key]?.string.flatMap({ Value(rawValue: $0) }) else { throw fault(key) }
    return value
  }

  static func array(_ json: JSONValue?, _ key: String) throws -> [JSONValue] {
    guard let array = json?.array else { throw fault(key) }
    return array
  }

  static func fault(_ key: String) -> ZorBAError {
    ByteReader.fault("its member '\(key)' is missing or cannot be used")
  }
}
