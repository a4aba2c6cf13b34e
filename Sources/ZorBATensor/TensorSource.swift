/// Something that holds named tensors: a mapped checkpoint, or tensors made in memory.
package protocol TensorSource: Sendable {
  /// The names, sorted by their UTF-8 bytes.
  var tensorNames: [String] { get }

  /// The tensor as stored, without a copy; read-only unless the source says otherwise.
  ///
  /// - Throws: `ZorBAError` with code `invalidModel` when there is no such tensor.
  func tensor(named name: String) throws -> Tensor
}
