import ZorBADiagnostics
import ZorBATensor

extension Model {
  func validate(_ sequences: [[Int32]]) throws {
    for (index, tokens) in sequences.enumerated() {
      try validate(tokens, name: "sequence \(index)")
    }
  }

  func validate(_ tokens: [Int32], name: String) throws {
    guard !tokens.isEmpty else {
      throw ZorBAError(
        .invalidData, "\(name) has no tokens", advice: "Drop empty examples or add a begin token.")
    }
    guard tokens.count <= configuration.maximumPositions else {
      throw ZorBAError(
        .invalidData,
        "\(name) has \(tokens.count) tokens; the model takes \(configuration.maximumPositions)",
        advice: "Truncate the text or use a model with a longer context.")
    }
    for (position, token) in tokens.enumerated() { try validate(token, name, position) }
  }

  private func validate(_ token: Int32, _ name: String, _ position: Int) throws {
    guard token >= 0, Int(token) < configuration.vocabularySize else {
      throw ZorBAError(
        .invalidData,
        "token id \(token) at position \(position) of \(name) lies outside the vocabulary of "
          + "\(configuration.vocabularySize)",
        advice: "Use the tokenizer that belongs to this model.")
    }
  }

  private func validate(target: Int32, _ name: String, _ place: Int) throws {
    if configuration.head.scoresTokens { return try validate(target, name, place) }
    guard target >= 0, Int(target) < outputCount else {
      throw ZorBAError(
        .invalidData,
        "output \(target) at place \(place) of \(name) does not exist; the head has \(outputCount)",
        advice: "Give the task's labels, so that the head has an output for each.")
    }
  }

  func validate(_ queries: [ScoringRequest.Query], of sequences: [[Int32]]) throws {
    for (index, query) in queries.enumerated() {
      guard sequences.indices.contains(query.sequence),
        sequences[query.sequence].indices.contains(query.position)
      else {
        throw ZorBAError(
          .invalidData,
          "query \(index) asks for position \(query.position) of sequence \(query.sequence), "
            + "which does not exist")
      }
      for (place, token) in query.targets.enumerated() {
        try validate(target: token, "the targets of query \(index)", place)
      }
    }
  }

  func validate(_ plan: PerturbationPlan) throws {
    guard !plan.directions.isEmpty else {
      throw ZorBAError(
        .invalidConfiguration, "a perturbation plan has no directions",
        at: .init(field: "directions"), advice: "Use at least one direction.")
    }
    guard plan.scale.isFinite else {
      throw ZorBAError(
        .invalidConfiguration, "the perturbation scale \(plan.scale) is not finite",
        at: .init(field: "mu"), advice: "Use a scale such as 1e-3.")
    }
    for block in plan.active.sorted() where !(0..<configuration.blockCount).contains(block) {
      throw ZorBAError(
        .invalidConfiguration,
        "active block \(block) does not exist; the model has blocks 0 to "
          + "\(configuration.layerCount)",
        at: .init(field: "blocks"))
    }
  }
}
