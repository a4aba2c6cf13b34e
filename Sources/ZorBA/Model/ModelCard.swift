import ZorBACheckpoint
import ZorBADiagnostics
package import ZorBAJSON
package import ZorBAJournal
import ZorBAModels
package import ZorBAOptimization
package import ZorBATensor

/// What a coordinator must know of a base model: its tensors and what they hash to, no weights.
///
/// A card is made once where the checkpoint is, for the precision that a run stores weights in, and
/// is a file of some kilobytes then.
package struct ModelCard: Sendable {
  /// What the checkpoint's folder is called, for people.
  package let name: String
  /// How the run stores weights; digests are those of weights stored so.
  package let precision: WeightPrecision
  /// The tensors, by block.
  package let model: ModelFingerprint
  /// What the base model hashes to.
  package let base: StateDigest
  /// The checkpoint's `config.json`, which tells what an adapter can be put beside; nil in cards of
  /// earlier versions.
  let description: JSONValue?

  /// Parameters of each block, the outer one first. [1 + transformer blocks]
  package let parameters: [Int]
  /// Bytes of each block as stored. [1 + transformer blocks]
  package let byteCounts: [Int]

  /// Transformer blocks.
  package var layerCount: Int { model.blocks.count - 1 }

  /// - Throws: `ZorBAError` with code `invalidModel` when digests and tensors do not go together, or
  ///   the tensors are none of any model.
  package init(
    name: String, precision: WeightPrecision, model: ModelFingerprint, base: StateDigest,
    description: JSONValue? = nil
  ) throws {
    self.name = name
    self.description = description
    self.precision = precision
    self.model = model
    self.base = base
    guard base.blocks.count == model.blocks.count, model.blocks.count > 1 else {
      throw Self.fault(
        "there are digests of \(base.blocks.count) blocks for \(model.blocks.count) blocks of tensors"
      )
    }
    parameters = try model.blocks.map { try Self.sum($0) { _ in 1 } }
    byteCounts = try model.blocks.map { try Self.sum($0, weighed: \.dtype.byteCount) }
    if let empty = parameters.dropFirst().firstIndex(of: 0) {
      throw Self.fault("block \(empty) has no parameters")
    }
  }

  /// Loads a checkpoint once and takes its digests.
  ///
  /// - Parameters:
  ///   - path: A Hugging Face folder; it needs no tokenizer.
  ///   - precision: How the run stores weights.
  ///   - task: What the run asks, which decides an encoder's head; nil takes the checkpoint's own.
  ///   - budget: A limit on memory; nil is none.
  /// - Throws: `ZorBAError` with code `invalidModel`, `unsupportedModel` or `inputOutput`.
  package init(
    ofCheckpoint path: String, precision: WeightPrecision, task: TaskConfiguration? = nil,
    context: ComputeContext, budget: MemoryBudget? = nil
  ) throws {
    let working = try WorkingModel(
      path: path, dtype: precision.dtype, task: task, context: context, budget: budget)
    try self.init(
      name: path.split(separator: "/").last.map(String.init) ?? path, precision: precision,
      model: ModelFingerprint(
        family: working.model.configuration.family.rawValue, parameters: working.model.parameters),
      base: StateDigest(of: working.model.parameters, context: context),
      description: working.checkpoint.configuration)
  }

  /// The most elements or bytes of a block: sums over blocks stay far from overflow.
  private static let largest = 1 << 48

  private static func sum(
    _ tensors: [ModelFingerprint.TensorEntry],
    weighed weight: (ModelFingerprint.TensorEntry) -> Int
  ) throws -> Int {
    try tensors.reduce(0) { sum, tensor in
      var count = weight(tensor)
      for extent in tensor.shape {
        let (product, overflow) = count.multipliedReportingOverflow(by: extent)
        guard !overflow, (0...largest).contains(product) else {
          throw fault(
            "tensor \(tensor.name.excerpt()) has the shape \("\(tensor.shape)".excerpt())")
        }
        count = product
      }
      guard sum + count <= largest else { throw fault("a block has more than \(largest) bytes") }
      return sum + count
    }
  }

  static func fault(_ message: String) -> ZorBAError {
    ZorBAError(.invalidModel, message, advice: "Make the card anew from the checkpoint.")
  }
}

extension ModelCard {
  /// The header of the journal of a run of this model, as a simulation of the run has it.
  ///
  /// - Throws: As `trained(by:)`.
  package func journalHeader(of configuration: RunConfiguration) throws -> JournalHeader {
    try trained(by: configuration).journalHeader
  }

  /// The sizes that plans for some sites are made for. What activations take, sites say themselves.
  package func planShape(of sites: [SiteProfile]) -> PlanShape {
    PlanShape(
      names: sites.map(\.name), weights: sites.map(\.weight),
      parameters: parameters.dropFirst().map(Double.init),
      blockBytes: byteCounts.dropFirst().map(Double.init), outerBytes: Double(byteCounts[0]))
  }
}

extension ModelCard: Equatable {
  package static func == (one: ModelCard, other: ModelCard) -> Bool {
    one.json.serialized == other.json.serialized
  }
}
