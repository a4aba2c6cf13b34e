import Foundation
import ZorBAConfiguration
import ZorBAJSON

@testable import ZorBA
@testable import ZorBABenchmarks

/// Runs that end before anybody looks.
enum SampleRun {
  /// What ships with the program.
  static let resources =
    "/"
    + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    + "/Sources/zorba/Resources"

  static func measurement(accuracy: Double = 0.5, seconds: Double = 10) -> CellMeasurement {
    var part = PartMeasurement.sample(accuracy: accuracy, seconds: seconds)
    part.accuracyBySite = [.init(site: "a", accuracy: accuracy), .init(site: "b", accuracy: 0.1)]
    return CellMeasurement([part], regime: .federated, published: .dense, jobs: 1)
  }
}

extension PartMeasurement {
  static func sample(
    accuracy: Double = 0.5, seconds: Double = 10, clients: [String] = ["a", "b"]
  ) -> PartMeasurement {
    let result: JSONValue = [
      "rounds": 4,
      "evaluation": [
        "before": ["accuracy": 0.25, "macro_f1": 0.2, "loss": 1.5, "examples": 8],
        "after": [
          "accuracy": .number(accuracy), "macro_f1": 0.4, "loss": 0.9, "examples": 8,
          "per_client": [
            "a": ["accuracy": 0.75, "loss": 0.8, "examples": 4],
            "b": ["accuracy": 0.125, "loss": 1.0, "examples": 4],
          ],
        ],
        "during": [["round": 2, "evaluation": ["accuracy": 0.375, "loss": 1.2, "examples": 8]]],
      ],
      "bytes": ["up": 96, "down": 192, "per_client_per_round": 36],
      "memory": ["peak_bytes": 1000, "predicted_bytes": 900],
      "seconds": ["total": .number(seconds + 2), "evaluation": 2],
      "clients": .array(clients.map { .string($0) }), "forward_passes": 16,
      "trained_parameters": 100, "warnings": [],
    ]
    let rounds: [JSONValue] = (1...4).map {
      ["round": .integer($0), "seconds": .number(seconds / 4)]
    }
    do {
      return try PartMeasurement(
        result: result, rounds: rounds,
        usage: ProcessUsage(wallSeconds: seconds + 3, cpuSeconds: 36, peakBytes: 1100),
        file: "result.json")
    } catch {
      preconditionFailure("the sample is a result: \(error)")
    }
  }
}

/// Runs that are over when they begin: results made up, or real ones made in this process.
final class SampleLauncher: RunLauncher {
  /// What each run does; writes what a run leaves, and says how it ended.
  var body: (RunOrder) throws -> RunEnding
  private(set) var orders: [RunOrder] = []

  init(_ body: @escaping (RunOrder) throws -> RunEnding) { self.body = body }

  struct Run: RunningPart {
    let ending: RunEnding
    func poll() -> (ending: RunEnding, usage: ProcessUsage)? {
      (ending, ProcessUsage(wallSeconds: 1, cpuSeconds: 1, peakBytes: 1 << 20))
    }
    func end() {}
  }

  func launch(_ order: RunOrder) throws -> Run {
    orders.append(order)
    return Run(ending: try body(order))
  }

  /// Writes a made-up result.
  static func writeSample(_ order: RunOrder) throws -> RunEnding {
    try FileManager.default.createDirectory(
      atPath: order.out, withIntermediateDirectories: true)
    let figures: JSONValue = ["accuracy": 0.5, "macro_f1": 0.5, "loss": 1.0, "examples": 4]
    let result: JSONValue = [
      "rounds": 1, "evaluation": ["before": figures, "after": figures, "during": []],
      "bytes": ["up": 4, "down": 8, "per_client_per_round": 12],
      "memory": ["peak_bytes": 1000, "predicted_bytes": 900],
      "seconds": ["total": 1, "evaluation": 0], "clients": ["a"],
    ]
    try RunFolder.write(result.serialized, to: RunFolder(path: order.out).result)
    return .exited(0)
  }
}
