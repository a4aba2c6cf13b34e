package import ZorBAModels

/// Floating-point operations that a forward pass needs, two for a multiply-add.
///
/// Counted are the matrix products: linear layers, attention's scores and mixtures over the keys
/// that each query may see, and the head. Norms, activation functions, softmax and the making of
/// perturbations are left out, so the rate that follows is a rate of useful work.
package struct OperationCount: Sendable {
  private let configuration: ModelConfiguration
  private let sequence: Int
  private let sequences: Int
  private let wanted: Int
  private let active: Set<Int>
  private let branches: Int

  /// - Parameters:
  ///   - configuration: The model.
  ///   - sequence: Tokens of each sequence.
  ///   - sequences: Sequences of the batch.
  ///   - wanted: Positions of each sequence at which predictions are wanted, the last ones.
  ///   - active: Blocks whose weights differ between branches.
  ///   - branches: Branches from the first active block on.
  package init(
    configuration: ModelConfiguration, sequence: Int, sequences: Int, wanted: Int,
    active: Set<Int>, branches: Int
  ) {
    self.configuration = configuration
    self.sequence = sequence
    self.sequences = sequences
    self.wanted = wanted
    self.active = active
    self.branches = branches
  }

  /// Operations of the pass: layers are computed once for all branches until the first active
  /// block, then for every branch; the last layer answers wanted positions only.
  package var total: Double {
    let shapes = configuration.parameterShapes
    let rows = sequences * sequence
    let wantedRows = sequences * wanted
    var total = 0.0
    var copies = active.contains(0) ? branches : 1
    total += Double(copies) * products(shapes[0], named: "project_in", rows: rows)
    for layer in 0..<configuration.layerCount {
      if active.contains(layer + 1) { copies = branches }
      let isLast = layer == configuration.layerCount - 1
      var operations = 0.0
      for (name, shape) in shapes[layer + 1] where shape.count == 2 {
        // Keys and values of all positions are needed to the end.
        let reachesKeys = ["k_proj", "v_proj", "c_attn"].contains { name.contains($0) }
        let taken = isLast && !reachesKeys ? wantedRows : rows
        operations += 2 * Double(taken) * Double(shape[0]) * Double(shape[1])
      }
      operations += attention(layer: layer, queries: isLast ? wanted : sequence)
      total += Double(copies) * operations
    }
    if !active.isEmpty { copies = branches }
    total += Double(copies) * products(shapes[0], named: "project_out", rows: wantedRows)
    let head = Double(configuration.embeddingSize) * Double(configuration.vocabularySize)
    return total + Double(copies) * 2 * Double(wantedRows) * head
  }

  /// Operations of the matrices of block 0 whose name holds `part`.
  private func products(
    _ shapes: [(name: String, shape: [Int])], named part: String, rows: Int
  ) -> Double {
    shapes.filter { $0.name.contains(part) && $0.shape.count == 2 }
      .reduce(0) { $0 + 2 * Double(rows) * Double($1.shape[0]) * Double($1.shape[1]) }
  }

  /// Scores and mixtures of the last `queries` positions of every sequence.
  private func attention(layer: Int, queries: Int) -> Double {
    let window = configuration.windows[layer]
    let pairs = (sequence - queries..<sequence).reduce(0) { sum, position in
      sum + (window > 0 ? min(position + 1, window) : position + 1)
    }
    let width = Double(configuration.headCount * configuration.headSize)
    return 4 * Double(sequences) * Double(pairs) * width
  }
}
