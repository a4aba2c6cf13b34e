import ZorBADiagnostics
package import ZorBAJSON
import ZorBAPlanning

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The sensitivity file: an object of these members, no others.
///
///     clients             names, in the order of the rows of sample_noise
///     gradient_energy     G_b                                    [blocks]
///     client_spread       zeta_b^2                               [blocks]
///     sample_noise        sigma_kb^2                             [clients][blocks]
///     intervals           (optional) gradient_energy, client_spread, sample_noise (the mean over
///                         clients): [lower, upper] or null       [blocks]
///     directions, seconds, rounds_equivalent    (optional) what it cost
extension MeasuredSensitivity {
  /// The file's content.
  package var json: JSONValue {
    func numbers(_ values: [Double]) -> JSONValue { .array(values.map { .number($0) }) }
    func pairs(_ intervals: [ConfidenceInterval?]) -> JSONValue {
      .array(intervals.map { $0.map { numbers([$0.lower, $0.upper]) } ?? .null })
    }
    return [
      "clients": .array(clients.map { .string($0) }),
      "gradient_energy": numbers(estimate.gradientEnergy),
      "client_spread": numbers(estimate.clientSpread),
      "sample_noise": .array(estimate.sampleNoise.map(numbers)),
      "intervals": [
        "gradient_energy": pairs(intervals.gradientEnergy),
        "client_spread": pairs(intervals.clientSpread),
        "sample_noise": pairs(intervals.sampleNoise),
      ],
      "directions": .integer(directions), "seconds": .number(seconds),
      "rounds_equivalent": .number(roundsEquivalent),
    ]
  }

  /// Reads a file's content.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming the member at fault.
  package init(json: JSONValue, file: String? = nil) throws {
    let reader = SensitivityFileReader(file: file)
    let root = try reader.object(
      json, at: nil,
      members: [
        "clients", "gradient_energy", "client_spread", "sample_noise", "intervals", "directions",
        "seconds", "rounds_equivalent",
      ])
    let clients = try reader.names(root["clients"], at: "clients")
    let energy = try reader.numbers(root["gradient_energy"], at: "gradient_energy")
    guard !energy.isEmpty else {
      throw reader.failure("there is no block", at: "gradient_energy")
    }
    let blocks = energy.count
    let spread = try reader.numbers(root["client_spread"], at: "client_spread", count: blocks)
    guard let rows = root["sample_noise"]?.array, rows.count == clients.count else {
      throw reader.failure(
        "expected a row for each of \(clients.count) clients", at: "sample_noise")
    }
    let noise = try rows.enumerated().map {
      try reader.numbers($0.element, at: "sample_noise[\($0.offset)]", count: blocks)
    }
    let intervals = try root["intervals"].map {
      try reader.object(
        $0, at: "intervals", members: ["gradient_energy", "client_spread", "sample_noise"])
    }
    func intervalList(_ name: String) throws -> [ConfidenceInterval?] {
      guard let list = intervals?[name] else { return Array(repeating: nil, count: blocks) }
      return try reader.intervals(list, at: "intervals.\(name)", count: blocks)
    }
    self.init(
      clients: clients,
      estimate: BlockSensitivity(
        gradientEnergy: energy, clientSpread: spread, sampleNoise: noise),
      intervals: SensitivityIntervals(
        gradientEnergy: try intervalList("gradient_energy"),
        clientSpread: try intervalList("client_spread"),
        sampleNoise: try intervalList("sample_noise")),
      directions: try reader.count(root["directions"], at: "directions"),
      seconds: try reader.number(root["seconds"] ?? 0, at: "seconds"),
      roundsEquivalent: try reader.number(root["rounds_equivalent"] ?? 0, at: "rounds_equivalent"))
  }

  /// Reads a sensitivity file.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming the file and the member at fault.
  package init(contentsOf path: String) throws {
    let data: Data
    do {
      data = try Data(contentsOf: URL(filePath: path))
    } catch {
      throw ZorBAError(
        .invalidConfiguration, "the sensitivities cannot be read", at: .init(file: path),
        advice: "Check the path and its permissions.", cause: error)
    }
    try self.init(
      json: try JSONParser.parse(data, file: path, code: .invalidConfiguration), file: path)
  }
}
