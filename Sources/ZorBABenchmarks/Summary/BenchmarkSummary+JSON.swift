package import ZorBAJSON

extension BenchmarkSummary {
  /// What `results.json` and `--json` hold.
  package var json: JSONValue {
    [
      "suite": .string(suite.name), "confidence": .number(suite.confidence),
      "energy": [
        "watts_per_core": .number(suite.energy.wattsPerCore),
        "grams_per_kwh": .number(suite.energy.gramsPerKilowattHour),
        "source": .string(suite.energy.source),
      ],
      "comparisons": .array(comparisons.map(\.json)),
      "failures": .array(
        failures.map { ["id": .string($0.cell.id), "message": .string($0.failure ?? "")] }),
      "missing": .integer(missing),
    ]
  }
}

extension BenchmarkSummary.Comparison {
  fileprivate var json: JSONValue {
    [
      "task": .string(task), "alpha": .optional(alpha),
      "equal": RunFragment.object(
        Regime.allCases.compactMap { regime in
          budgets[regime].map {
            (
              regime.rawValue,
              ["rounds": .integer($0.rounds), "seconds": .number($0.seconds)]
            )
          }
        }),
      "rows": .array(rows.map(\.json)),
    ]
  }
}

extension BenchmarkSummary.Row {
  fileprivate var json: JSONValue {
    var members: [(String, JSONValue)] = [
      ("method", .string(method)), ("regime", .string(regime.rawValue)),
      ("seeds", .integer(seeds)), ("failed", .integer(failed)), ("jobs", .integer(jobs)),
      ("energy", .string(isEnergyMeasured ? "measured" : "estimate")),
    ]
    members += Figure.allCases.map { ($0.rawValue, figures[$0]?.json ?? .null) }
    members.append(
      (
        "sites",
        .array(
          sites.map {
            [
              "site": .string($0.name), "accuracy": .optional($0.accuracy),
              "own": .optional($0.own),
            ]
          })
      ))
    members.append(
      (
        "curve",
        .array(
          curve.map {
            [
              "round": .integer($0.round), "seconds": .number($0.seconds),
              "accuracy": .optional($0.accuracy), "loss": .number($0.loss),
            ]
          })
      ))
    return RunFragment.object(members)
  }
}
