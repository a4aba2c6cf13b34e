import ZorBACheckpoint
import ZorBAModels
import ZorBATensor

/// The weights of an adapted model with the adapter folded in, each folded when it is asked for.
struct MergedTensors: TensorSource {
  private let base: any TensorSource
  private let merge: AdapterMerge
  private let dtype: DType?

  /// - Parameters:
  ///   - base: The base's tensors under the model's names.
  ///   - dtype: What they will be written as; nil keeps the type of each.
  init(_ base: any TensorSource, model: Model, dtype: DType?) {
    self.base = base
    merge = AdapterMerge(model)
    self.dtype = dtype
  }

  var tensorNames: [String] { base.tensorNames }

  func tensor(named name: String) throws -> Tensor {
    let stored = try base.tensor(named: name)
    guard let folded = try merge.tensor(named: name) else { return stored }
    let type = dtype ?? stored.dtype
    guard type != .float32 else { return folded }
    return try WorkingCopy(of: NamedTensors(tensors: [name: folded]), dtype: type)
      .tensor(named: name)
  }

  func discardPages(ofTensor name: String, bytes: Range<Int>) {
    // The bytes of a folded tensor are memory of its own.
    if !merge.changes(name) { base.discardPages(ofTensor: name, bytes: bytes) }
  }
}
