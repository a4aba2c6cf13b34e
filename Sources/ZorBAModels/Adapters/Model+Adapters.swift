import ZorBADiagnostics
package import ZorBATensor

extension Model {
  /// What training moves: every parameter or, with an adapter, the adapter's tensors alone, numbered
  /// among themselves.
  package var trainable: ParameterSet { bound.trainable }

  /// The adapter; nil without one.
  package var adapter: AdapterDescription? { bound.adaptation?.description }

  /// The base of an adapted model; the model itself without an adapter.
  package var withoutAdapter: Model { Model(baseOf: self) }

  private init(baseOf model: Model) {
    var declarations = ParameterDeclarations()
    decoder = model.configuration.decoderType.init(
      model.configuration, declaring: &declarations)
    var bound = model.bound
    bound.adaptation = nil
    self.bound = bound
    configuration = model.configuration
    compute = model.compute
    prototypes = model.prototypes
  }

  /// Puts an adapter beside the layers of a model, which itself is read from then on and never written.
  ///
  /// - Parameters:
  ///   - base: The model, without an adapter.
  ///   - description: What the adapter is.
  ///   - tensors: Its tensors in binary32 under the names of `ModelConfiguration.adapterEntries`.
  ///   - quantised: Matrices of the base to use in place of its own.
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the description does not fit the
  ///   model, `invalidModel` when a tensor is missing or wrongly shaped.
  package init(
    adapting base: Model, with description: AdapterDescription, tensors: any TensorSource,
    quantised: NF4Base? = nil
  ) throws {
    precondition(base.adapter == nil, "the base has an adapter already")
    try description.validate(for: base.configuration)
    var declarations = ParameterDeclarations(adapter: description)
    decoder = base.configuration.decoderType.init(
      base.configuration, declaring: &declarations)
    var bound = base.bound
    bound.adaptation = try Adaptation(
      description, declarations, tensors: tensors, matrices: quantised?.matrices ?? [:])
    self.bound = bound
    configuration = base.configuration
    compute = base.compute
    prototypes = base.prototypes
  }
}

extension Adaptation {
  fileprivate init(
    _ description: AdapterDescription, _ declarations: ParameterDeclarations,
    tensors: any TensorSource, matrices: [String: NF4Matrix]
  ) throws {
    var blocks = [[(name: String, tensor: Tensor)]](repeating: [], count: declarations.blockCount)
    for entry in declarations.adapterEntries {
      let tensor = try tensors.tensor(named: entry.name)
      guard tensor.shape == entry.shape, tensor.dtype == .float32 else {
        throw ZorBAError(
          .invalidModel,
          "the adapter's tensor is \(tensor.dtype.rawValue) \(tensor.shape), expected float32 "
            + "\(entry.shape)", at: .init(field: entry.name.excerpt()),
          advice: "The adapter belongs to another model.")
      }
      blocks[entry.block].append((entry.name, tensor))
    }
    let set = ParameterSet(blocks: blocks)
    var byName: [String: Parameter] = [:]
    for parameter in set.all { byName[parameter.name] = parameter }
    self.description = description
    trainable = set
    // Every declared name is in the set by construction.
    declared = declarations.adapterEntries.compactMap { byName[$0.name] }
    var places: [Int: NF4Matrix] = [:]
    for (index, entry) in declarations.entries.enumerated() where entry.isMatrix {
      places[index] = matrices[entry.name]
    }
    self.matrices = places
  }
}

extension AdapterDescription {
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming the key and value that cannot be
  ///   used with a model of this shape.
  package func validate(for model: ModelConfiguration) throws {
    if case .lowRank(let numbers) = kind {
      guard (1...Self.largestRank).contains(numbers.rank) else {
        throw Self.fault("rank", numbers.rank, "1 to \(Self.largestRank)")
      }
      guard numbers.alpha > 0, numbers.scale.isNormal else {
        throw Self.fault("alpha", numbers.alpha, "a number above 0")
      }
      guard numbers.dropout >= 0, numbers.dropout < 1 else {
        throw Self.fault("dropout", numbers.dropout, "0 up to below 1")
      }
    }
    let modules = model.adaptedModules(by: self)
    if case .modules(let names) = targets {
      for name in names where !modules.contains(where: { Self.matches($0, name) }) {
        let known = Set(
          model.adaptedModules(by: Self(kind: kind, targets: .allLinear)).map {
            String($0.split(separator: ".").last ?? "")
          })
        throw ZorBAError(
          .invalidConfiguration, "no linear layer of this model is called '\(name.excerpt())'",
          at: .init(field: "adapter.targets"),
          advice: "Use some of: \(known.sorted().joined(separator: ", ")), or all-linear.")
      }
    }
    if case .scaling(let names) = kind {
      for name in names where !modules.contains(where: { $0.hasSuffix(name) }) {
        throw ZorBAError(
          .invalidConfiguration, "the feed-forward module '\(name.excerpt())' is no target",
          at: .init(field: "adapter.targets"))
      }
    }
    guard !modules.isEmpty else {
      throw ZorBAError(
        .invalidConfiguration, "the adapter has no target", at: .init(field: "adapter.targets"),
        advice: "Name the modules to adapt, such as q_proj and v_proj.")
    }
  }

  /// Above any rank of use, far below where sizes overflow.
  package static let largestRank = 1 << 14

  private static func fault(_ key: String, _ value: Any, _ rule: String) -> ZorBAError {
    ZorBAError(
      .invalidConfiguration, "\(value) cannot be used", at: .init(field: "adapter.\(key)"),
      advice: "Use \(rule).")
  }
}

extension ModelConfiguration {
  func declarations(_ adapter: AdapterDescription) -> ParameterDeclarations {
    var declarations = ParameterDeclarations(adapter: adapter)
    _ = decoderType.init(self, declaring: &declarations)
    return declarations
  }

  /// The paths of the layers that a description adapts, in the model's order.
  package func adaptedModules(by adapter: AdapterDescription) -> [String] {
    declarations(adapter).adaptedLayers.map(\.module)
  }

  /// The tensors of an adapter, by block in role order, known from the configuration alone.
  ///
  /// - Throws: As `AdapterDescription.validate(for:)`.
  package func adapterEntries(_ adapter: AdapterDescription) throws -> [[AdapterEntry]] {
    try adapter.validate(for: self)
    var blocks = [[AdapterEntry]](repeating: [], count: blockCount)
    for entry in declarations(adapter).adapterEntries { blocks[entry.block].append(entry) }
    return blocks.map { block in
      block.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }
  }
}
