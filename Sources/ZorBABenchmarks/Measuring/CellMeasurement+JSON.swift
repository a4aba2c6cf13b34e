package import ZorBAJSON

extension CellMeasurement {
  /// As a cell's `result.json` has it.
  package var json: JSONValue {
    [
      "accuracy_before": .optional(accuracyBefore), "accuracy": .optional(accuracy),
      "macro_f1": .optional(macroF1), "loss": .number(loss), "rounds": .integer(rounds),
      "sites": .array(
        sites.map {
          ["site": .string($0.name), "accuracy": .optional($0.accuracy), "own": .optional($0.own)]
        }),
      "bytes": traffic.map { traffic in
        [
          "up": .integer(traffic.up), "down": .integer(traffic.down),
          "per_client_per_round": .number(traffic.perClientRound),
          "published_per_client_per_round": .optional(traffic.publishedPerClientRound),
        ]
      } ?? .null,
      "memory": [
        "peak_bytes": .integer(peakBytes), "predicted_bytes": .integer(predictedBytes),
        "process_peak_bytes": .integer(usage.peakBytes),
      ],
      "trained_parameters": .integer(trainedParameters),
      "forward_passes": .integer(forwardPasses),
      "seconds": [
        "training": .number(seconds), "wall": .number(usage.wallSeconds),
        "processor": .number(usage.cpuSeconds),
      ],
      "measured_joules": .optional(usage.joules),
      "curve": .array(
        curve.map {
          [
            "round": .integer($0.round), "seconds": .number($0.seconds),
            "accuracy": .optional($0.accuracy), "loss": .number($0.loss),
          ]
        }),
      "jobs": .integer(jobs), "warnings": .array(warnings.map { .string($0) }),
    ]
  }

  /// Reads back what `json` wrote; nil when it is something else.
  package init?(json: JSONValue) {
    guard let rounds = json["rounds"]?.integer, let sites = json["sites"]?.array,
      let memory = json["memory"], let peak = memory["peak_bytes"]?.integer,
      let predicted = memory["predicted_bytes"]?.integer,
      let processPeak = memory["process_peak_bytes"]?.integer,
      let parameters = json["trained_parameters"]?.integer,
      let passes = json["forward_passes"]?.integer, let spent = json["seconds"],
      let seconds = spent["training"]?.double, let wall = spent["wall"]?.double,
      let processor = spent["processor"]?.double, let curve = json["curve"]?.array,
      let jobs = json["jobs"]?.integer
    else { return nil }
    accuracyBefore = json["accuracy_before"]?.double
    accuracy = json["accuracy"]?.double
    macroF1 = json["macro_f1"]?.double
    loss = json["loss"]?.double ?? .nan
    self.rounds = rounds
    self.sites = sites.compactMap { site in
      site["site"]?.string.map {
        Site(name: $0, accuracy: site["accuracy"]?.double, own: site["own"]?.double)
      }
    }
    if let bytes = json["bytes"], let up = bytes["up"]?.integer,
      let down = bytes["down"]?.integer, let share = bytes["per_client_per_round"]?.double
    {
      traffic = Traffic(
        up: up, down: down, perClientRound: share,
        publishedPerClientRound: bytes["published_per_client_per_round"]?.double)
    }
    peakBytes = peak
    predictedBytes = predicted
    trainedParameters = parameters
    forwardPasses = passes
    self.seconds = seconds
    usage = ProcessUsage(
      wallSeconds: wall, cpuSeconds: processor, peakBytes: processPeak,
      joules: json["measured_joules"]?.double)
    self.curve = curve.compactMap { point in
      guard let round = point["round"]?.integer, let seconds = point["seconds"]?.double else {
        return nil
      }
      return CurvePoint(
        round: round, seconds: seconds, accuracy: point["accuracy"]?.double,
        loss: point["loss"]?.double ?? .nan)
    }
    self.jobs = jobs
    warnings = (json["warnings"]?.array ?? []).compactMap(\.string)
  }
}

extension JSONValue {
  /// A number, or null.
  static func optional(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
}
