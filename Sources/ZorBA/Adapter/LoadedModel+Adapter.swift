import ZorBADiagnostics
import ZorBAModels
import ZorBATensor

extension LoadedModel {
  /// Gives an adapted model's adapter the values that a folder in PEFT's layout has.
  ///
  /// What is beside the layers stays as it was loaded: the folder's word counts for values alone.
  ///
  /// - Throws: `ZorBAError` with code `invalidModel` or `inputOutput` when the folder has other tensors
  ///   or cannot be read; the adapter is then of no use any more.
  func restoreAdapter(from path: String) throws {
    let folder = try AdapterFolder(path: path)
    let stored = try folder.tensors(for: configuration)
    for parameter in model.trainable.all {
      let tensor = try stored.tensor(named: parameter.name)
      guard tensor.shape == parameter.tensor.shape, tensor.dtype == parameter.tensor.dtype else {
        throw ZorBAError(
          .invalidModel,
          "the adapter's tensor has shape \(tensor.shape), expected \(parameter.tensor.shape)",
          at: .init(file: path, field: parameter.name.excerpt()))
      }
      parameter.tensor.bytes.copyMemory(from: tensor.bytes, byteCount: tensor.byteCount)
    }
  }
}
