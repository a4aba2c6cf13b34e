import ZorBADiagnostics
package import ZorBATensor

/// A language model: a configuration, its parameters and where it computes.
///
/// Evaluation never writes to the parameters and keeps nothing derived from them, so a caller that
/// owns writable tensors may update them between evaluations. A model may be shared by tasks;
/// evaluations that overlap take turns on the threads.
package struct Model: Sendable {
  package let configuration: ModelConfiguration
  package internal(set) var compute: ComputeContext
  let bound: BoundParameters
  let decoder: any Decoder
  let pool = ActivationPool()
  let rotaryTables = RotaryTables()
  /// What the head compares texts with; nil for other heads.
  package internal(set) var prototypes: Prototypes?

  /// The parameters by block, under their canonical names.
  package var parameters: ParameterSet { bound.set }

  /// Takes the tensors that `configuration` calls for from a checkpoint, as they are stored there.
  ///
  /// Names may stand with or without the base model's prefix (`model.`, `transformer.`).
  ///
  /// - Parameter residency: Keeps the tensors within a memory budget, where they lie in a file.
  /// - Throws: `ZorBAError` with code `invalidModel` naming the first tensor that is missing,
  ///   unexpected or wrongly shaped.
  package init(
    configuration: ModelConfiguration, source: any TensorSource, compute: ComputeContext,
    residency: WeightResidency? = nil
  ) throws {
    let type = configuration.decoderType
    var declarations = ParameterDeclarations()
    self.decoder = type.init(configuration, declaring: &declarations)
    self.bound = try BoundParameters(
      declarations, from: source, basePrefix: type.basePrefix, residency: residency,
      mayIgnore: type.mayIgnore)
    self.configuration = configuration
    self.compute = compute
  }

  /// The same model over other tensors of the same names and shapes, for example writable copies.
  ///
  /// - Throws: `ZorBAError` with code `invalidModel` when a tensor is missing or wrongly shaped.
  package init(
    configuration: ModelConfiguration, parameters: ParameterSet, compute: ComputeContext
  ) throws {
    var declarations = ParameterDeclarations()
    self.decoder = configuration.decoderType.init(configuration, declaring: &declarations)
    self.bound = try BoundParameters(declarations, from: parameters)
    self.configuration = configuration
    self.compute = compute
  }

  /// The same model, computing every example to the same bits whatever is evaluated beside it.
  ///
  /// Differential privacy rests on it: the scalars of one record may not depend on which others were
  /// drawn.
  package var batchInvariant: Model {
    var model = self
    model.compute.isBatchInvariant = true
    return model
  }
}

extension ModelConfiguration {
  /// Canonical names and shapes of the parameters, block by block, in role order.
  ///
  /// Known from the configuration alone, so plans can be made without a checkpoint.
  package var parameterShapes: [[(name: String, shape: [Int])]] {
    var declarations = ParameterDeclarations()
    _ = decoderType.init(self, declaring: &declarations)
    var blocks = [[(name: String, shape: [Int])]](repeating: [], count: blockCount)
    for entry in declarations.entries { blocks[entry.block].append((entry.name, entry.shape)) }
    return blocks.map { block in
      block.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }
  }
}
