import ZorBAJSON

extension AggregationConfiguration {
  /// The section of the run file; nil for the mean, so that files and journals of such runs stay as
  /// they ever were.
  var json: JSONValue? {
    switch rule {
    case .mean: nil
    case .median: ["rule": .string(rule.rawValue)]
    case .trimmedMean: ["rule": .string(rule.rawValue), "trim": .number(trim)]
    case .normClipped:
      switch clip {
      case .auto: ["rule": .string(rule.rawValue), "clip": "auto"]
      case .norm(let bound): ["rule": .string(rule.rawValue), "clip": .number(bound)]
      }
    }
  }
}
