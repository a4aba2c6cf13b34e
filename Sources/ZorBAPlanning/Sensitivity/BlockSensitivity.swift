/// What is known of every transformer block's gradient: the numbers that decide who should train it.
///
/// All are squared norms of gradients of the mean loss per example, so they share one unit. The
/// outer parameters (embeddings, final norm, head) are no block here: everyone trains them or nobody.
package struct BlockSensitivity: Sendable, Equatable {
  /// |grad_b F|^2, the energy of the federation's gradient: G_b. [blocks]
  package var gradientEnergy: [Double]
  /// (1/K) sum_k |grad_b f_k - grad_b F|^2, how far sites disagree: zeta_b^2. [blocks]
  package var clientSpread: [Double]
  /// Variance of a site's minibatch gradient: sigma_kb^2. [clients, blocks]
  package var sampleNoise: [[Double]]

  package init(gradientEnergy: [Double], clientSpread: [Double], sampleNoise: [[Double]]) {
    self.gradientEnergy = gradientEnergy
    self.clientSpread = clientSpread
    self.sampleNoise = sampleNoise
  }

  /// The same numbers for every client.
  package init(
    gradientEnergy: [Double], clientSpread: [Double], sampleNoise: [Double], clients: Int
  ) {
    self.init(
      gradientEnergy: gradientEnergy, clientSpread: clientSpread,
      sampleNoise: Array(repeating: sampleNoise, count: clients))
  }

  /// Transformer blocks.
  package var blockCount: Int { gradientEnergy.count }
  /// Sites.
  package var clientCount: Int { sampleNoise.count }
}
