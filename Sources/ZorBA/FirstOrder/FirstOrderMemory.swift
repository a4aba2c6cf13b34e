import ZorBAData
import ZorBAModels
import ZorBAOptimization
import ZorBATensor

/// What a first-order run takes of memory beside weights and activations.
enum FirstOrderMemory {
  /// Bytes of gradients, copies, moments and changes; 0 for other methods.
  static func byteCount(_ configuration: RunConfiguration, parameters: ParameterSet) -> Int {
    let method = configuration.method
    guard method.name.isFirstOrder else { return 0 }
    let all = parameters.all.reduce(0) { $0 + $1.tensor.elementCount }
    let outer = parameters.blocks.first?.reduce(0) { $0 + $1.tensor.elementCount } ?? 0
    let trained = configuration.blocks.outer ? all : all - outer
    // The weights to go back to, and sums in binary64.
    var perWeight = 4 + 8
    perWeight += 4 * method.optimizerSettings.stateBuffers
    // Both moments twice: as they are, and as the round leaves them.
    if method.name == .fedadam { perWeight += 4 * 4 }
    // A client's change or the one to commit.
    perWeight += method.firstOrder.upload == .float32 ? 4 : 2
    return 4 * all + perWeight * trained
  }

  /// Activations of a forward pass over the largest part of a minibatch, and its tokens.
  static func trainingPass(
    _ configuration: RunConfiguration, loaded: LoadedModel, clients: [FederationClient]
  ) throws -> (bytes: Int, tokens: Int) {
    let parts = configuration.method.firstOrder.accumulation
    let size = (configuration.batch.size + parts - 1) / parts
    let longest = clients.flatMap(\.examples).sorted { $0.tokenCount > $1.tokenCount }
    let batch = Array(longest.prefix(size))
    return (
      try ExampleScorer(model: loaded.model).peakActivationBytes(of: batch),
      batch.reduce(0) { $0 + $1.tokenCount }
    )
  }
}
