package import ZorBATensor

/// Tensors that lie in mapped files, of which a reader can give back what it has read.
package protocol MappedTensorSource: TensorSource {
  /// The names of the tensors that a `Tensor` can hold, sorted by their UTF-8 bytes.
  var floatingPointNames: [String] { get }
}

extension SafetensorsFile: MappedTensorSource {
  package var floatingPointNames: [String] {
    tensorNames.filter { entry(named: $0)?.element.dtype != nil }
  }

  package func discardPages(ofTensor name: String, bytes: Range<Int>) {
    guard let entry = entry(named: name) else { return }
    discardPages(of: entry, bytes: bytes)
  }
}

extension Checkpoint: MappedTensorSource {
  package var floatingPointNames: [String] {
    tensorNames.filter { entry(named: $0)?.element.dtype != nil }
  }

  package func discardPages(ofTensor name: String, bytes: Range<Int>) {
    shard(of: name)?.file.discardPages(ofTensor: name, bytes: bytes)
  }

  /// Gives back the resident pages of all weight files.
  package func discardPages() {
    for shard in shards { shard.file.discardPages() }
  }
}
