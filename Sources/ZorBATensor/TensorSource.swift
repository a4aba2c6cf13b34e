/// Something that holds named tensors: a mapped checkpoint, or tensors made in memory.
package protocol TensorSource: Sendable {
  /// The names, sorted by their UTF-8 bytes.
  var tensorNames: [String] { get }

  /// The tensor as stored, without a copy; read-only unless the source says otherwise.
  ///
  /// - Throws: `ZorBAError` with code `invalidModel` when there is no such tensor.
  func tensor(named name: String) throws -> Tensor

  /// Gives back the resident pages under part of a tensor, counted in bytes from its first.
  ///
  /// A source that holds nothing in files does nothing.
  func discardPages(ofTensor name: String, bytes: Range<Int>)
}

extension TensorSource {
  package func discardPages(ofTensor name: String, bytes: Range<Int>) {}
}
