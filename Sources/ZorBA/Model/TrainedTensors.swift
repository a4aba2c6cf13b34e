import ZorBADiagnostics
package import ZorBAJournal
import ZorBAModels
import ZorBAOptimization
import ZorBATensor

/// What a run moves of the model of a card: the model's own weights, or an adapter beside them.
package struct TrainedTensors: Sendable {
  /// The run with its adapter as a simulation writes it down: nothing left to defaults, and what the
  /// base hashes to.
  package let configuration: RunConfiguration
  /// The tensors that the run moves, and what they hash to before the first round.
  package let card: ModelCard
  /// Bytes of the base as it is stored, and of the adapter.
  package let weightsByteCount: Int

  /// The header of the run's journal, as a simulation of the run has it.
  package var journalHeader: JournalHeader {
    var journaled = configuration
    // Of a run of whole weights journals have always named the card's own file.
    if journaled.adapter != nil, journaled.model.hasSuffix(".json") { journaled.model = card.name }
    return JournalHeader(
      schedule: configuration.method.directionSchedule(RunKey(seed: configuration.seed)),
      base: card.base, model: card.model, configuration: journaled.journaled)
  }
}

extension ModelCard {
  /// What a run moves of this model.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the run stores weights otherwise than
  ///   the card was made for, or has an adapter that does not fit the model; with code `invalidModel`
  ///   when its adapter belongs to another base model.
  package func trained(by configuration: RunConfiguration) throws -> TrainedTensors {
    guard configuration.precision == precision else {
      throw ZorBAError(
        .invalidConfiguration,
        "the run stores weights as \(configuration.precision.rawValue), the model card is about "
          + precision.rawValue, at: .init(field: "precision.weights"),
        advice: "Make a card of the model for this precision.")
    }
    guard let adapter = configuration.adapter else {
      return TrainedTensors(
        configuration: configuration, card: self, weightsByteCount: byteCounts.reduce(0, +))
    }
    return try trained(by: configuration, adapter)
  }

  private func trained(
    by configuration: RunConfiguration, _ adapter: AdapterConfiguration
  ) throws -> TrainedTensors {
    guard adapter.path == nil else {
      throw ZorBAError(
        .invalidConfiguration, "a run over a network begins its adapter afresh",
        at: .init(field: "adapter.path"),
        advice: "Leave adapter.path out, or merge that adapter into the checkpoint that sites load."
      )
    }
    let model = try shape(for: configuration.task)
    let description = try adapter.description(for: model)
    let entries = try model.adapterEntries(description)
    try AdapterConfiguration.requireTrainable(entries.map { !$0.isEmpty })
    try AdapterConfiguration.verify(base: base, is: adapter.baseDigest)
    let runKey = RunKey(seed: configuration.seed)
    let tensors = try AdapterTensors(
      entries, seed: AdapterOrigin(adapter, runKey: runKey).seed)
    let parameters = ParameterSet(
      blocks: try entries.map { block in
        try block.map { ($0.name, try tensors.tensor(named: $0.name)) }
      })
    var pinned = configuration
    pinned.adapter = AdapterConfiguration(
      description, path: nil, base: adapter.base, baseDigest: "\(base.state)")
    let card = try ModelCard(
      name: name, precision: precision,
      model: ModelFingerprint(family: self.model.family, parameters: parameters),
      base: StateDigest(of: parameters, context: ComputeContext(threads: 1)))
    return TrainedTensors(
      configuration: pinned, card: card,
      weightsByteCount: byteCounts.reduce(0, +) + card.byteCounts.reduce(0, +))
  }
}
