import ZorBATensor

/// How a gradient is computed.
package struct BackwardOptions: Sendable, Equatable {
  /// Keeps only each block's input and computes the block again on the way back: a third more
  /// work for a fraction of the memory. The gradient is the same, bit for bit.
  package var checkpointing: Bool
  /// The key of the masks of dropout; nil switches dropout off.
  package var dropoutSeed: UInt64?

  package init(checkpointing: Bool = false, dropoutSeed: UInt64? = nil) {
    self.checkpointing = checkpointing
    self.dropoutSeed = dropoutSeed
  }
}

/// What a forward pass is recorded for: which parameters, and where their gradients go.
struct Recording {
  let options: BackwardOptions
  /// Where the gradient of each trainable parameter goes, by name; a measuring pass never looks.
  private let places: [String: UnsafeMutablePointer<Float>?]
  private let blocks: Set<Int>

  /// - Parameter gradients: nil to measure only.
  init(of set: ParameterSet, into gradients: Gradients?, options: BackwardOptions) {
    self.options = options
    let trained = gradients?.parameters ?? set.all
    var places: [String: UnsafeMutablePointer<Float>?] = [:]
    for (index, parameter) in trained.enumerated() {
      places[parameter.name] = .some(gradients?[index].baseAddress)
    }
    self.places = places
    blocks = Set(trained.map(\.id.block))
  }

  func needsGradient(_ parameter: Parameter) -> Bool { places[parameter.name] != nil }

  /// Where the gradient of a trainable parameter is gathered; nil while measuring.
  func place(of parameter: Parameter) -> UnsafeMutablePointer<Float>? {
    places[parameter.name] ?? nil
  }

  func needsGradients(inBlock block: Int) -> Bool { blocks.contains(block) }
}
