import ZorBADiagnostics
import ZorBAJSON
import ZorBAModels
import ZorBAOptimization
import ZorBATensor

extension RunConfiguration {
  /// The same with its adapter as it was loaded: nothing left to defaults, and the base's digest, so that a
  /// journal says all that decides the run.
  func pinned(by loaded: LoadedModel) -> RunConfiguration {
    var run = self
    run.adapter = loaded.adapter?.configuration
    return run
  }
}

extension LoadedModel {
  /// Checks that there is something to train in every transformer block.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming the first block without.
  func requireTrainableBlocks() throws {
    try AdapterConfiguration.requireTrainable(model.trainable.blocks.map { !$0.isEmpty })
  }

  /// Checks that this is a model with the adapter of a journal.
  ///
  /// - Throws: `ZorBAError` with code `invalidJournal` naming what differs.
  func verify(_ journaled: AdapterConfiguration) throws {
    guard var found = adapter?.configuration else {
      throw ZorBAError(
        .invalidJournal, "the journal is of an adapter, the model has none",
        advice: "Load the model with the journal's adapter.")
    }
    var journaled = journaled
    // Where the folder of the first values lies is no matter; their digest is in the header.
    (found.path, journaled.path) = (nil, nil)
    guard found == journaled else {
      throw ZorBAError(
        .invalidJournal,
        "the journal's adapter is \(journaled.json.serialized), the model's "
          + found.json.serialized,
        advice: "Use the base model and the adapter that the run started from, unchanged.")
    }
  }
}

extension AdapterConfiguration {
  /// - Parameter blocks: Whether there is something to train in each block, the outer one first.
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming the first transformer block without.
  static func requireTrainable(_ blocks: [Bool]) throws {
    guard let block = blocks.dropFirst().firstIndex(of: false) else { return }
    throw ZorBAError(
      .invalidConfiguration, "the adapter has nothing to train in block \(block)",
      at: .init(field: "adapter.targets"),
      advice: "Name layers that every block has, such as q_proj.")
  }

  /// Checks that a base model is the one that an adapter was made for.
  ///
  /// - Parameter expected: What that one hashes to, in hexadecimal; nil takes any.
  /// - Throws: `ZorBAError` with code `invalidModel` naming both.
  static func verify(base: StateDigest, is expected: String?) throws {
    guard let expected, expected != "\(base.state)" else { return }
    throw ZorBAError(
      .invalidModel,
      "the adapter belongs to the base model \(expected.excerpt()), this one is \(base.state)",
      at: .init(field: "adapter.base_digest"),
      advice: "Use the checkpoint that the run started from, unchanged, at the same precision.")
  }
}
