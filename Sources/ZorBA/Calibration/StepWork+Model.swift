package import ZorBAData
package import ZorBAModels
package import ZorBAPlanning

/// The sequences of a minibatch as its cost depends on them.
package struct BatchShape: Sendable, Equatable {
  /// One sequence.
  package struct Sequence: Sendable, Hashable {
    /// Tokens.
    package var length: Int
    /// Positions whose predictions are asked for, ascending and distinct.
    package var positions: [Int]
    /// Predictions over the whole vocabulary, how many.
    package var predictions: Int
    /// Single logits beyond those, how many.
    package var logits: Int

    package init(length: Int, positions: [Int], predictions: Int, logits: Int = 0) {
      self.length = length
      self.positions = positions
      self.predictions = predictions
      self.logits = logits
    }
  }

  package var sequences: [Sequence]
  /// Minibatches that the sequences make up; costs are those of one.
  package var batches: Double

  package init(sequences: [Sequence], batches: Double = 1) {
    self.sequences = sequences
    self.batches = batches
  }

  /// The mean minibatch of so many of these examples.
  ///
  /// Of very many examples only some, spread evenly, are counted.
  package init(examples: [EncodedExample], batchSize: Int) {
    let stride = max(1, examples.count / Self.countedExamples)
    let counted = Swift.stride(from: 0, to: examples.count, by: stride).map { examples[$0] }
    var sequences: [Sequence] = []
    for example in counted {
      let first = sequences.count
      for tokens in example.sequences {
        sequences.append(.init(length: tokens.count, positions: [], predictions: 0))
      }
      for query in example.queries {
        let place = first + query.sequence
        if sequences[place].positions.last != query.position {
          sequences[place].positions.append(query.position)
        }
        if query.normalised {
          sequences[place].predictions += 1
        } else {
          sequences[place].logits += query.targets.count
        }
      }
    }
    self.init(
      sequences: sequences, batches: max(1, Double(counted.count)) / Double(max(1, batchSize)))
  }

  private static let countedExamples = 4096

  /// Tokens of a minibatch.
  package var tokens: Double {
    sequences.reduce(0) { $0 + Double($1.length) } / batches
  }
}

extension StepWork {
  /// Counts the work of a minibatch.
  ///
  /// Linear layers take every token, but for the last block, which after its keys and values takes
  /// only positions that are asked for. Attention takes each query with the keys it may see.
  package init(_ configuration: ModelConfiguration, batch: BatchShape) {
    let shapes = configuration.parameterShapes
    let rows = batch.sequences.reduce(0.0) { $0 + Double($1.length) } / batch.batches
    let wanted = batch.sequences.reduce(0.0) { $0 + Double($1.positions.count) } / batch.batches
    var blocks: [Double] = []
    for layer in 0..<configuration.layerCount {
      // A mean over hidden states asks for all of them.
      let isLast = layer == configuration.layerCount - 1 && configuration.head.narrows
      var operations = Self.attentionOperations(
        configuration, layer: layer, batch: batch, isLast: isLast)
      for (name, shape) in shapes[layer + 1] where shape.count == 2 {
        let reachesKeys = ["k_proj", "v_proj", "c_attn", "self.key", "self.value"].contains {
          name.contains($0)
        }
        let taken = isLast && !reachesKeys ? wanted : rows
        operations += 2 * taken * Double(shape[0]) * Double(shape[1])
      }
      blocks.append(operations)
    }
    let exit = Self.operations(shapes[0], named: "project_out", rows: wanted)
    let predictions = batch.sequences.reduce(0.0) { $0 + Double($1.predictions) } / batch.batches
    let logits = batch.sequences.reduce(0.0) { $0 + Double($1.logits) } / batch.batches
    let columns =
      predictions * Double(configuration.vocabularySize) + logits * Self.columnsOfALogit
    self.init(
      entryOperations: Self.operations(shapes[0], named: "project_in", rows: rows),
      blockOperations: blocks,
      headOperations: exit + 2 * columns * Double(configuration.embeddingSize),
      blockParameters: shapes.dropFirst().map(Self.elements),
      outerParameters: Self.elements(shapes[0]))
  }

  /// A logit is computed with its neighbours.
  private static let columnsOfALogit = 32.0

  private static func elements(_ shapes: [(name: String, shape: [Int])]) -> Double {
    shapes.reduce(0) { $0 + $1.shape.reduce(1) { $0 * Double($1) } }
  }

  private static func operations(
    _ shapes: [(name: String, shape: [Int])], named part: String, rows: Double
  ) -> Double {
    shapes.filter { $0.name.contains(part) && $0.shape.count == 2 }
      .reduce(0) { $0 + 2 * rows * Double($1.shape[0]) * Double($1.shape[1]) }
  }

  /// Scores and mixtures, two operations for each of a head's numbers and both.
  private static func attentionOperations(
    _ configuration: ModelConfiguration, layer: Int, batch: BatchShape, isLast: Bool
  ) -> Double {
    let window = configuration.windows[layer]
    func keys(_ position: Int, _ length: Int) -> Double {
      if configuration.isEncoder { return Double(length) }
      return Double(window > 0 ? min(position + 1, window) : position + 1)
    }
    let pairs = batch.sequences.reduce(0.0) { sum, sequence in
      isLast
        ? sequence.positions.reduce(sum) { $0 + keys($1, sequence.length) }
        : (0..<sequence.length).reduce(sum) { $0 + keys($1, sequence.length) }
    }
    return 4 * pairs / batch.batches * Double(configuration.headCount * configuration.headSize)
  }

  /// Blocks that cost the same for the same work: those of one set of shapes and one window.
  package static func types(of configuration: ModelConfiguration) -> [Int] {
    TimeModel.types(
      of: zip(configuration.parameterShapes.dropFirst(), configuration.windows).map {
        block, window in [[window]] + block.map(\.shape)
      })
  }
}

extension OutputHead {
  /// Whether the last block computes its queries for the positions asked for alone.
  fileprivate var narrows: Bool {
    switch self {
    case .languageModel, .maskedLM, .sequenceClassifier: true
    case .embedding, .prototypes, .classifier: false
    }
  }
}
