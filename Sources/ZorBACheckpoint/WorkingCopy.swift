import ZorBADiagnostics
package import ZorBATensor

/// The weights of a run, copied out of their source: one buffer, writable, nothing shared.
///
/// Every tensor starts on a 64-byte boundary, a cache line and the widest vector, so kernels read
/// it at full speed. Tensors lie in the order of the source's memory, which for a checkpoint is file
/// by file from front to back; pages already read are given back, so the copy needs its own size and
/// a few megabytes.
package final class WorkingCopy: Sendable {
  /// Bytes of the buffer, padding included.
  package var byteCount: Int { buffer.byteCount }

  private let buffer: AlignedBuffer
  private let table: NameTable<Tensor>

  private static let alignment = 64

  /// Copies tensors.
  ///
  /// - Parameters:
  ///   - source: Where they are read from; not needed afterwards.
  ///   - names: Which ones, without repetition; nil takes every tensor that a `Tensor` can hold.
  ///   - dtype: What to convert them to, rounding to nearest, ties to even; nil keeps each as it is
  ///     stored.
  /// - Throws: `ZorBAError` when the source lacks a name, when memory is exhausted, or with code
  ///   `invalidConfiguration` when a finite value of a tensor becomes infinite in `dtype`.
  package init(
    of source: any TensorSource, names: [String]? = nil, dtype: DType? = nil
  ) throws {
    let mapped = source as? any MappedTensorSource
    let wanted = names ?? mapped?.floatingPointNames ?? source.tensorNames
    let origins = try wanted.map { (name: $0, tensor: try source.tensor(named: $0)) }
      .sorted { $0.tensor.bytes < $1.tensor.bytes }
    var places: [Int] = []
    var end = 0
    for origin in origins {
      places.append(end)
      end = try Self.end(of: origin.tensor, as: dtype, from: end)
    }
    let buffer = try AlignedBuffer(byteCount: end)
    var rows: [(name: String, value: Tensor)] = []
    for (origin, place) in zip(origins, places) {
      let copy = Tensor(
        dtype: dtype ?? origin.tensor.dtype, shape: origin.tensor.shape,
        bytes: buffer.bytes + place, owner: buffer)
      try Self.copy(origin.tensor, to: copy, name: origin.name, givingBackTo: mapped)
      rows.append((origin.name, copy))
    }
    self.buffer = buffer
    table = NameTable(rows)
    precondition(
      zip(table.rows, table.rows.dropFirst()).allSatisfy {
        !$0.name.utf8.elementsEqual($1.name.utf8)
      }, "a name was asked for twice")
  }

  /// Where the next tensor may begin after one that begins at `start`.
  private static func end(of tensor: Tensor, as dtype: DType?, from start: Int) throws -> Int {
    let width = (dtype ?? tensor.dtype).byteCount
    let (size, tooLarge) = tensor.elementCount.multipliedReportingOverflow(by: width)
    let (end, tooFar) = start.addingReportingOverflow(size)
    let (padded, tooWide) = end.addingReportingOverflow(alignment - 1)
    guard !tooLarge, !tooFar, !tooWide else {
      throw ZorBAError(
        .invalidModel, "the tensors together are larger than memory can be addressed",
        advice: "The checkpoint is damaged; download it again.")
    }
    return padded / alignment * alignment
  }

  private static func copy(
    _ origin: Tensor, to copy: Tensor, name: String,
    givingBackTo mapped: (any MappedTensorSource)?
  ) throws {
    let conversion = ElementConversion(source: origin.dtype, target: copy.dtype)
    let width = origin.dtype.byteCount
    var start = 0
    while start < origin.elementCount {
      let count = min(ElementConversion.chunk, origin.elementCount - start)
      let input = origin.bytes + start * width
      let fault = conversion.convert(
        input, to: copy.bytes + start * copy.dtype.byteCount, count: count)
      if let fault {
        throw conversion.overflow(
          of: name, element: start + fault, value: input + fault * width)
      }
      mapped?.discardPages(ofTensor: name, bytes: start * width..<(start + count) * width)
      start += count
    }
  }
}

extension WorkingCopy: TensorSource {
  package var tensorNames: [String] { table.names }

  /// The tensor of the copy, writable: who writes excludes every reader.
  ///
  /// - Throws: `ZorBAError` with code `invalidModel` when it was not copied.
  package func tensor(named name: String) throws -> Tensor {
    guard let tensor = table[name] else {
      throw ZorBAError(
        .invalidModel, "the working weights have no such tensor",
        at: .init(field: name.excerpt()),
        advice: "The weights may be of another model family than config.json says.")
    }
    return tensor
  }
}
