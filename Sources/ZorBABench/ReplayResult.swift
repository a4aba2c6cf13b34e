package import ZorBAJSON
package import ZorBATensor

/// How fast a journal's rounds are applied to the weights.
package struct ReplayResult: Sendable {
  package var seconds: Double
  package var rounds: Int
  /// Weights of the model, all of which every round moves.
  package var parameters: Int
  package var instructionSet: InstructionSet
  package var threads: Int

  package var roundsPerSecond: Double { Double(rounds) / seconds }

  /// Nanoseconds for one weight and one round.
  package var nanosecondsPerParameterRound: Double {
    seconds * 1e9 / (Double(parameters) * Double(rounds))
  }

  /// The object that `zorba bench replay --json` prints.
  package var json: JSONValue {
    [
      "seconds": .number(seconds), "rounds": .integer(rounds),
      "rounds_per_second": .number(roundsPerSecond), "parameters": .integer(parameters),
      "nanoseconds_per_parameter_round": .number(nanosecondsPerParameterRound),
      "isa": .string(instructionSet.rawValue), "threads": .integer(threads),
    ]
  }
}
