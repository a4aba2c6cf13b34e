import ZorBAModels
import ZorBATensor

/// The sizes that a plan is made for: sites and their weights, transformer blocks and their bytes.
package struct PlanShape: Sendable {
  /// What the sites are called. [clients]
  package var names: [String]
  /// p_k up to a common factor. [clients]
  package var weights: [Double]
  /// d_b. [transformer blocks]
  package var parameters: [Double]
  /// Bytes of a block at working precision. [transformer blocks]
  package var blockBytes: [Double]
  /// Bytes of embeddings, final norm and head at working precision.
  package var outerBytes: Double
  /// Bytes of activations and scratch of the most demanding training pass.
  package var activationBytes: Double
  /// Tokens of that pass, without branches.
  package var tokens: Double

  package init(
    names: [String], weights: [Double], parameters: [Double], blockBytes: [Double],
    outerBytes: Double = 0, activationBytes: Double = 0, tokens: Double = 1
  ) {
    self.names = names
    self.weights = weights
    self.parameters = parameters
    self.blockBytes = blockBytes
    self.outerBytes = outerBytes
    self.activationBytes = activationBytes
    self.tokens = tokens
  }

  /// The sizes of a loaded model and its clients.
  init(model: Model, clients: [FederationClient], activationBytes: Int, tokens: Int) {
    let bytes = model.trainable.blocks.map { block in
      Double(block.reduce(0) { $0 + $1.tensor.byteCount })
    }
    let counts = model.trainable.blocks.indices.map {
      Double(model.trainable.elementCount(block: $0))
    }
    self.init(
      names: clients.map(\.name), weights: clients.map(\.weight),
      parameters: Array(counts.dropFirst()), blockBytes: Array(bytes.dropFirst()),
      outerBytes: bytes.first ?? 0, activationBytes: Double(activationBytes),
      tokens: Double(tokens))
  }

  /// Sites.
  package var clientCount: Int { names.count }
  /// Transformer blocks.
  package var blockCount: Int { parameters.count }
}
