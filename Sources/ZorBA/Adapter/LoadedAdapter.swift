import ZorBACheckpoint
import ZorBADiagnostics
package import ZorBAModels
package import ZorBAOptimization
import ZorBATensor

/// Where an adapter comes from: its section of a run's configuration and, for one that begins afresh, the
/// seed of its first values.
package struct AdapterOrigin: Sendable {
  package var configuration: AdapterConfiguration
  package var seed: UInt64

  package init(_ configuration: AdapterConfiguration, runKey: RunKey) {
    self.configuration = configuration
    seed = RunStream.adapter.seed(runKey: runKey, index: 0)
  }

  /// An adapter as a folder has it.
  package init(folder path: String) {
    configuration = AdapterConfiguration()
    configuration.path = path
    seed = 0
  }
}

/// An adapter made ready to train or use, and the base it stands beside.
package struct LoadedAdapter: Sendable {
  /// The section of the configuration with nothing left to defaults and the base's digest in it.
  package let configuration: AdapterConfiguration
  package let description: AdapterDescription
  package let tensors: AdapterTensors
  /// Matrices of the base as NF4; nil for a base as stored.
  package let quantised: NF4Base?
  private let entries: [[AdapterEntry]]

  /// - Parameters:
  ///   - base: The model to adapt, at working precision.
  ///   - source: Where its tensors lie, so that pages that have been read can be given back.
  /// - Throws: `ZorBAError` naming what does not fit, `invalidModel` when the base is not the one that the
  ///   configuration names by its digest.
  init(_ origin: AdapterOrigin, base: Model, source: any MappedTensorSource) throws {
    let section = origin.configuration
    let folder = try section.path.map { try AdapterFolder(path: $0) }
    description = try section.description(
      for: base.configuration, stored: folder?.description)
    entries = try base.configuration.adapterEntries(description)
    let digest = Self.digest(of: base, source: source)
    try AdapterConfiguration.verify(base: digest, is: section.baseDigest)
    configuration = AdapterConfiguration(
      description, path: section.path, base: section.base, baseDigest: "\(digest.state)")
    tensors =
      try folder?.tensors(for: base.configuration)
      ?? AdapterTensors(entries, seed: origin.seed)
    quantised =
      section.base == .nf4
      ? try NF4Base(of: base) { source.discardPages(ofTensor: $0, bytes: $1) } : nil
  }

  /// The digest of the base, whose pages are given back block by block: all of them at once may be more
  /// than the run itself takes.
  private static func digest(of base: Model, source: any MappedTensorSource) -> StateDigest {
    let parameters = base.parameters
    return StateDigest(
      blocks: parameters.blocks.indices.map { block in
        defer {
          for parameter in parameters.blocks[block] {
            source.discardPages(
              ofTensor: parameter.name, bytes: 0..<parameter.tensor.byteCount)
          }
        }
        return StateDigest.digests(
          ofBlocks: [block], of: parameters, context: base.compute)[0]
      })
  }

  private init(copying other: LoadedAdapter) throws {
    configuration = other.configuration
    description = other.description
    quantised = other.quantised
    entries = other.entries
    tensors = try AdapterTensors(copying: other.tensors, other.entries)
  }

  /// The same with tensors of its own, equal to these now.
  func copied() throws -> LoadedAdapter { try LoadedAdapter(copying: self) }

  /// Bytes of the adapter and of what it holds of the base.
  var byteCount: Int { tensors.byteCount + (quantised?.byteCount ?? 0) }

  /// The adapted model.
  func model(over base: Model) throws -> Model {
    try Model(adapting: base, with: description, tensors: tensors, quantised: quantised)
  }
}
