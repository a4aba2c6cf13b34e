package import ZorBAData
import ZorBAOptimization

/// A site of a federation as the engine sees it: its rows, its minibatches, its weight.
package struct FederationClient: Sendable {
  /// What the site is called in files and tables.
  package let name: String
  /// The site's training rows.
  package let examples: [EncodedExample]
  /// Draws the site's minibatches, from a seed that follows from the run key.
  package let sampler: MinibatchSampler
  /// p_k up to a common factor.
  package let weight: Double

  package init(
    name: String, examples: [EncodedExample], sampler: MinibatchSampler, weight: Double
  ) {
    self.name = name
    self.examples = examples
    self.sampler = sampler
    self.weight = weight
  }

  /// A client of a run, the same wherever it is made: in a simulation, or at the site itself.
  ///
  /// - Parameters:
  ///   - number: From 1.
  ///   - examples: At least one.
  init(
    _ name: String, number: Int, examples: [EncodedExample], configuration: RunConfiguration,
    runKey: RunKey
  ) {
    self.init(
      name: name, examples: examples,
      sampler: MinibatchSampler(
        exampleCount: examples.count, batchSize: configuration.batch.size,
        stepsPerRound: configuration.method.localSteps,
        seed: RunStream.minibatches.seed(runKey: runKey, index: UInt64(number))),
      weight: configuration.federation.weights.weight(examples: examples.count))
  }
}
