import ZorBADiagnostics
import ZorBAJSON
package import ZorBATensor

/// Writes a safetensors file front to back; equal tensors give equal bytes.
///
/// The header is compact JSON, metadata first, padded with spaces to a multiple of 8, as the
/// reference library writes it: a file of that library, read and written in its own order, comes
/// out the same.
package struct SafetensorsWriter {
  /// One tensor to write.
  struct Item {
    let name: String
    /// How it will be stored.
    let element: SafetensorsElement
    let shape: [Int]
    let content: Content

    enum Content {
      /// Elements in memory; the function is told which bytes have been read.
      case tensor(Tensor, done: (Range<Int>) -> Void)
      /// Bytes of a file, passed through or converted, and given back once read.
      case stored(SafetensorsFile, SafetensorsEntry)
    }
  }

  private let items: [Item]
  private let header: [UInt8]
  /// Bytes of all tensors, the header not counted.
  let dataByteCount: Int

  /// Plans a file of a source's tensors.
  ///
  /// - Parameters:
  ///   - source: Where the tensors are read from, one after the other, during `write`.
  ///   - names: Which ones, in the order in which they shall lie; nil takes all that a `Tensor` can
  ///     hold, sorted by their UTF-8 bytes. Distinct.
  ///   - dtype: What to convert them to; nil keeps the type of each.
  ///   - metadata: The strings under `__metadata__`; `format` is what transformers asks for.
  /// - Throws: `ZorBAError` when the source lacks a name or a tensor is called `__metadata__`.
  package init(
    _ source: any TensorSource, names: [String]? = nil, dtype: DType? = nil,
    metadata: [(key: String, value: String)] = [("format", "pt")]
  ) throws {
    let mapped = source as? any MappedTensorSource
    let names = names ?? mapped?.floatingPointNames ?? source.tensorNames
    let items = try names.map { name in
      let tensor = try source.tensor(named: name)
      return Item(
        name: name, element: SafetensorsElement(dtype ?? tensor.dtype), shape: tensor.shape,
        content: .tensor(tensor) { source.discardPages(ofTensor: name, bytes: $0) })
    }
    try self.init(items, metadata: metadata)
  }

  init(_ items: [Item], metadata: [(key: String, value: String)]) throws {
    var members: [String] = []
    if !metadata.isEmpty {
      let strings = metadata.map { "\(Self.quoted($0.key)):\(Self.quoted($0.value))" }
      members.append("\"__metadata__\":{\(strings.joined(separator: ","))}")
    }
    var end = 0
    for item in items {
      guard !item.name.utf8.elementsEqual("__metadata__".utf8) else {
        throw ZorBAError(
          .invalidModel, "the format keeps this name for itself", at: .init(field: item.name),
          advice: "Rename the tensor.")
      }
      let start = end
      // A tensor in memory has a size that fits; all of them together do for the same reason.
      end += item.shape.reduce(1, *) * item.element.bitCount / 8
      let shape = item.shape.map(String.init).joined(separator: ",")
      members.append(
        "\(Self.quoted(item.name)):{\"dtype\":\"\(item.element.rawValue)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(start),\(end)]}")
    }
    var text = Array("{\(members.joined(separator: ","))}".utf8)
    text += Array(repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
    guard text.count <= SafetensorsHeader.maximumByteCount else {
      throw ZorBAError(
        .invalidModel,
        "the header would take \(text.count) bytes; the format allows "
          + "\(SafetensorsHeader.maximumByteCount)", advice: "Split the tensors over several files."
      )
    }
    self.items = items
    dataByteCount = end
    header = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
  }

  private static func quoted(_ text: String) -> String { JSONValue.string(text).serialized }

  /// Writes the file; it appears under its name only when it is complete.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput` when the disk is full or refuses, with code
  ///   `invalidConfiguration` when a finite value becomes infinite in the type to write.
  package func write(to path: String, audience: FileAudience = .owner) throws {
    try write(to: AtomicFile(path: path, audience: audience))
  }

  func write(to file: AtomicFile) throws {
    try header.withUnsafeBytes { try file.append($0) }
    // Converted elements on their way out: [at most ElementConversion.chunk], allocated on demand.
    var scratch: AlignedBuffer?
    for item in items {
      switch item.content {
      case .tensor(let tensor, let done):
        try write(
          tensor.rawBytes, as: tensor.dtype, of: item, through: &scratch, to: file, done: done)
      case .stored(let origin, let entry):
        try write(
          origin.rawBytes(of: entry), as: entry.element.dtype, of: item, through: &scratch, to: file
        ) { origin.discardPages(of: entry, bytes: $0) }
      }
    }
    try file.commit()
  }

  private func write(
    _ bytes: UnsafeRawBufferPointer, as stored: DType?, of item: Item,
    through scratch: inout AlignedBuffer?, to file: AtomicFile, done: (Range<Int>) -> Void
  ) throws {
    guard let base = bytes.baseAddress else { return }
    let width = stored?.byteCount ?? 1
    var start = 0
    while start < bytes.count {
      let range = start..<min(start + ElementConversion.chunk * width, bytes.count)
      if let stored, let target = item.element.dtype, stored != target {
        let buffer = try scratch ?? AlignedBuffer(byteCount: ElementConversion.chunk * 4)
        scratch = buffer
        let count = range.count / width
        let conversion = ElementConversion(source: stored, target: target)
        if let fault = conversion.convert(base + start, to: buffer.bytes, count: count) {
          throw conversion.overflow(
            of: item.name, element: start / width + fault, value: base + start + fault * width)
        }
        try file.append(
          UnsafeRawBufferPointer(start: buffer.bytes, count: count * target.byteCount))
      } else {
        try file.append(UnsafeRawBufferPointer(rebasing: bytes[range]))
      }
      done(range)
      start = range.upperBound
    }
  }
}
