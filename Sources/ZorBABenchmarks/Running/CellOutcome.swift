package import ZorBAJSON

/// How a cell ended.
package struct CellOutcome: Sendable, Equatable {
  package var cell: BenchmarkCell
  package var ending: Ending

  package enum Ending: Sendable, Equatable {
    case measured(CellMeasurement)
    /// It failed, with what it said.
    case failed(String)
  }

  package init(cell: BenchmarkCell, ending: Ending) {
    self.cell = cell
    self.ending = ending
  }

  package var measurement: CellMeasurement? {
    if case .measured(let measurement) = ending { measurement } else { nil }
  }
  package var failure: String? { if case .failed(let message) = ending { message } else { nil } }

  /// What the cell's `result.json` holds: how it ended, and what it ran.
  package var json: JSONValue {
    [
      "id": .string(cell.id), "task": .string(cell.task), "regime": .string(cell.regime.rawValue),
      "method": .string(cell.method), "alpha": .optional(cell.alpha),
      "seed": .integer(Int(clamping: cell.seed)),
      "failure": failure.map { .string($0) } ?? .null,
      "measurement": measurement?.json ?? .null,
      "configuration": cell.configuration,
    ]
  }

  /// How a cell ended, from its `result.json`; nil when that is something else.
  ///
  /// - Returns: Also whether the cell would run the same today.
  package static func read(
    _ json: JSONValue, of cell: BenchmarkCell
  ) -> (outcome: CellOutcome, isSame: Bool)? {
    guard json["id"]?.string == cell.id, let configuration = json["configuration"] else {
      return nil
    }
    let ending: Ending
    if let message = json["failure"]?.string {
      ending = .failed(message)
    } else if let measurement = json["measurement"].flatMap(CellMeasurement.init(json:)) {
      ending = .measured(measurement)
    } else {
      return nil
    }
    // Numbers are compared as they are written: 2 and 2.0 are one.
    return (
      CellOutcome(cell: cell, ending: ending),
      configuration.serialized == cell.configuration.serialized
    )
  }
}
