import ZorBADiagnostics
package import ZorBATensor

/// A safetensors file: named tensors over a read-only mapping.
package struct SafetensorsFile: Sendable {
  /// The path as it was given.
  package var path: String { file.path }
  /// Every tensor of whatever type, in the order of their bytes.
  package let entries: [SafetensorsEntry]
  /// The strings under `__metadata__`, in file order.
  package let metadata: [(key: String, value: String)]

  let file: MappedFile
  private let table: NameTable<SafetensorsEntry>

  /// Maps the file and checks its header; no tensor is read.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput` when the file cannot be opened, `invalidModel`
  ///   when its header is wrong.
  package init(path: String) throws {
    file = try MappedFile(path: path)
    let header = try SafetensorsHeader(file.bytes, file: path)
    entries = header.entries
    metadata = header.metadata
    table = NameTable(entries.map { ($0.name, $0) })
  }

  /// What the header says of one tensor, or nil when there is none of that name.
  package func entry(named name: String) -> SafetensorsEntry? { table[name] }

  /// The stored bytes of an entry of this file, little-endian, row-major.
  package func rawBytes(of entry: SafetensorsEntry) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: file.bytes[entry.bytes])
  }

  /// Gives back the resident pages under part of an entry, counted from its first byte
  /// (see `MappedFile`).
  func discardPages(of entry: SafetensorsEntry, bytes: Range<Int>) {
    let part = bytes.clamped(to: 0..<entry.bytes.count)
    file.discardPages(
      entry.bytes.lowerBound + part.lowerBound..<entry.bytes.lowerBound + part.upperBound)
  }

  /// Gives back every resident page of the file.
  func discardPages() { file.discardPages(0..<file.byteCount) }
}

extension SafetensorsFile: TensorSource {
  /// Every name, also of tensors that no `Tensor` can hold.
  package var tensorNames: [String] { table.names }

  /// The tensor over the mapping: writing to it faults.
  ///
  /// - Throws: `ZorBAError` with code `invalidModel` when there is no such tensor,
  ///   `unsupportedModel` when its type is not F32, BF16 or F16.
  package func tensor(named name: String) throws -> Tensor {
    guard let entry = table[name] else {
      throw ZorBAError(
        .invalidModel, "the file has no such tensor",
        at: .init(file: path, field: name.excerpt()),
        advice: "The checkpoint may be of another model family than its config.json says.")
    }
    guard let dtype = entry.element.dtype else {
      throw ZorBAError(
        .unsupportedModel, "the tensor is stored as \(entry.element.rawValue)",
        at: .init(file: path, field: name.excerpt()),
        advice: "Weights must be F32, BF16 or F16; convert the checkpoint first.")
    }
    guard let start = rawBytes(of: entry).baseAddress ?? file.bytes.baseAddress else {
      preconditionFailure("a mapped file is never empty")
    }
    return Tensor(
      dtype: dtype, shape: entry.shape, bytes: UnsafeMutableRawPointer(mutating: start),
      owner: file)
  }
}
