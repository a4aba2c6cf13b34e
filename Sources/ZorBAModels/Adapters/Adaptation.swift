import ZorBATensor

/// What an adapter makes of a model's parameters: a base that never moves, and a few tensors that do.
struct Adaptation: Sendable {
  let description: AdapterDescription
  /// The adapter's tensors, by block; binary32 and writable.
  let trainable: ParameterSet
  /// The same in the order of their declaration.
  let declared: [Parameter]
  /// Matrices of the base that are held as NF4, by their place among the declarations.
  let matrices: [Int: NF4Matrix]
}

extension BoundParameters {
  /// What training moves: everything or, with an adapter, the adapter alone.
  var trainable: ParameterSet { adaptation?.trainable ?? set }

  /// Whether a parameter is among those that training moves.
  func isTrainable(_ handle: ParameterHandle) -> Bool {
    handle.isAdapter == (adaptation != nil)
  }

  /// Whether training moves anything in a block.
  func movesBlock(_ block: Int) -> Bool {
    adaptation.map { !$0.trainable.blocks[block].isEmpty } ?? true
  }

  /// The matrix of a layer that is held as NF4; nil for those held as they are stored.
  func quantised(_ handle: ParameterHandle) -> NF4Matrix? {
    handle.isAdapter ? nil : adaptation?.matrices[handle.index]
  }

  func adapterParameter(_ handle: ParameterHandle) -> Parameter {
    guard let adaptation else { preconditionFailure("there is no adapter") }
    return adaptation.declared[handle.index]
  }
}

extension ForwardPass {
  /// Whether a parameter differs between branches here.
  func isPerturbed(_ handle: ParameterHandle) -> Bool {
    isPerturbed && parameters.isTrainable(handle)
  }
}
