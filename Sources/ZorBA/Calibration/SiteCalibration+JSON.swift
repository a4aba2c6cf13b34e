package import ZorBAJSON
import ZorBAPlanning
import ZorBATensor

extension SiteCalibration {
  static let format = "zorba-calibration"
  static let version = 1

  /// The calibration as its file holds it; every number keeps its value to the last bit.
  package var json: JSONValue {
    [
      "format": .string(Self.format), "version": .integer(Self.version),
      "machine": [
        "processor": .string(machine.processor), "isa": .string(machine.instructionSet),
        "processors": .integer(machine.processors), "threads": .integer(machine.threads),
        "memory_bytes": .integer(machine.memoryBytes),
      ],
      "model": [
        "name": .string(subject.name), "family": .string(subject.family),
        "dtype": .string(subject.dtype.rawValue), "parameters": Self.list(subject.parameters),
      ],
      "step": [
        "batch": .integer(settings.batch), "tokens": .integer(settings.sequence),
        "directions": .integer(settings.directions),
        "perturbation": .string(settings.perturbation.rawValue), "outer": .bool(settings.outer),
        "entry_operations": .number(work.entryOperations),
        "block_operations": Self.list(work.blockOperations),
        "head_operations": .number(work.headOperations),
      ],
      "time": [
        "fixed_seconds": .number(time.fixed), "head_seconds_per_operation": .number(time.head),
        "update_fixed_seconds": .number(time.updateFixed), "types": Self.list(time.types),
        "rates": .array(time.rates.map(\.json)),
      ],
      "memory": [
        "process_bytes": .integer(memory.processBytes),
        "scratch_bytes": .integer(memory.scratchBytes),
        "activation_bytes": .integer(memory.activationBytes),
        "weights_bytes": .integer(memory.weightsBytes),
        "tensor_bytes": Self.list(memory.tensorBytes),
        "resident_bytes": Self.list(memory.demands.map(\.whole)),
        "passing_bytes": Self.list(memory.demands.map(\.passing)),
      ],
      "errors": ["time": Self.error(timeError), "memory": Self.error(memoryError)],
    ]
  }

  private static func list(_ values: [Int]) -> JSONValue { .array(values.map { .integer($0) }) }
  private static func list(_ values: [Double]) -> JSONValue { .array(values.map { .number($0) }) }

  private static func error(_ error: FitError?) -> JSONValue {
    guard let error else { return .null }
    return [
      "held_out": .integer(error.count), "median": .number(error.median),
      "maximum": .number(error.maximum),
    ]
  }
}

extension TimeModel.BlockRates {
  fileprivate var json: JSONValue {
    [
      "prefix_seconds_per_operation": .number(prefix),
      "suffix_seconds_per_operation": .number(suffix),
      "active_seconds_per_operation": .number(active),
      "generation_seconds_per_parameter": .number(generation),
      "write_seconds_per_parameter": .number(write), "term_seconds_per_parameter": .number(term),
    ]
  }
}
