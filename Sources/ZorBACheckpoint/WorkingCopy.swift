import ZorBADiagnostics
package import ZorBATensor

/// The weights of a run, copied out of their source: one buffer, writable, nothing shared.
///
/// Every tensor starts on a 64-byte boundary, a cache line and the widest vector, so kernels read
/// it at full speed. Tensors are copied in the order of the source's memory, which for a checkpoint
/// is file by file from front to back; pages already read are given back, so the copy needs its own
/// size and a few megabytes. A copy that lies in a file needs those few megabytes alone.
package final class WorkingCopy: Sendable {
  /// Bytes of the tensors, each padded to a boundary of 64.
  package let byteCount: Int
  /// The file that the weights lie in; nil when they lie in memory.
  package let file: FileBuffer?
  /// Where each group of tensors lies in the file: [groups], empty without a file.
  package let extents: [Range<Int>]

  private let table: NameTable<Tensor>
  /// Where each tensor lies in the file; empty without a file.
  private let places: NameTable<Int>

  private static let alignment = 64
  /// Boundary of groups in a file: a multiple of every page size in use.
  package static let groupAlignment = 1 << 16

  /// Copies tensors into memory.
  ///
  /// - Parameters:
  ///   - source: Where they are read from; not needed afterwards.
  ///   - names: Which ones, without repetition; nil takes every tensor that a `Tensor` can hold.
  ///   - dtype: What to convert them to, rounding to nearest, ties to even; nil keeps each as it is
  ///     stored.
  /// - Throws: `ZorBAError` when the source lacks a name, when memory is exhausted, or with code
  ///   `invalidConfiguration` when a finite value of a tensor becomes infinite in `dtype`.
  package convenience init(
    of source: any TensorSource, names: [String]? = nil, dtype: DType? = nil
  ) throws {
    let mapped = source as? any MappedTensorSource
    let wanted = names ?? mapped?.floatingPointNames ?? source.tensorNames
    try self.init(of: source, groups: [wanted], dtype: dtype, folder: nil)
  }

  /// Copies tensors into a file, each group on pages of its own.
  ///
  /// - Parameters:
  ///   - source: Where they are read from; not needed afterwards.
  ///   - groups: Which ones, without repetition, grouped as they are used together.
  ///   - dtype: As above.
  ///   - folder: Where the file lies.
  /// - Throws: As above; `inputOutput` when the disk has no room.
  package convenience init(
    of source: any TensorSource, groups: [[String]], dtype: DType? = nil, inFileIn folder: String
  ) throws {
    try self.init(of: source, groups: groups, dtype: dtype, folder: folder)
  }

  private struct Origin {
    let name: String
    let tensor: Tensor
    let place: Int
  }

  private init(
    of source: any TensorSource, groups: [[String]], dtype: DType?, folder: String?
  ) throws {
    var origins: [Origin] = []
    var extents: [Range<Int>] = []
    var end = 0
    var byteCount = 0
    for group in groups {
      let tensors = try group.map { (name: $0, tensor: try source.tensor(named: $0)) }
        .sorted { $0.tensor.bytes < $1.tensor.bytes }
      let start = end
      for (name, tensor) in tensors {
        origins.append(Origin(name: name, tensor: tensor, place: end))
        end = try Self.end(of: tensor, as: dtype, from: end)
      }
      byteCount += end - start
      if folder != nil {
        end = try Self.aligned(end, to: Self.groupAlignment)
        extents.append(start..<end)
      }
    }
    let file = try folder.map { try FileBuffer(byteCount: end, folder: $0) }
    let memory = try file == nil ? AlignedBuffer(byteCount: end) : nil
    guard let bytes = file?.bytes ?? memory?.bytes, let owner: AnyObject = file ?? memory else {
      preconditionFailure("weights lie in a file or in memory")
    }
    var rows: [(name: String, value: Tensor)] = []
    for origin in origins.sorted(by: { $0.tensor.bytes < $1.tensor.bytes }) {
      let copy = Tensor(
        dtype: dtype ?? origin.tensor.dtype, shape: origin.tensor.shape,
        bytes: bytes + origin.place, owner: owner)
      try Self.copy(origin.tensor, to: copy, name: origin.name) { read, written in
        source.discardPages(ofTensor: origin.name, bytes: read)
        file?.drop(origin.place + written.lowerBound..<origin.place + written.upperBound)
      }
      rows.append((origin.name, copy))
    }
    self.byteCount = byteCount
    self.file = file
    self.extents = extents
    table = NameTable(rows)
    places = NameTable(folder == nil ? [] : origins.map { ($0.name, $0.place) })
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
    guard !tooLarge, !tooFar else { throw tooMuch }
    return try aligned(end, to: alignment)
  }

  private static func aligned(_ end: Int, to boundary: Int) throws -> Int {
    let (padded, tooWide) = end.addingReportingOverflow(boundary - 1)
    guard !tooWide else { throw tooMuch }
    return padded / boundary * boundary
  }

  private static var tooMuch: ZorBAError {
    ZorBAError(
      .invalidModel, "the tensors together are larger than memory can be addressed",
      advice: "The checkpoint is damaged; download it again.")
  }

  /// - Parameter done: Told which bytes of the tensor have been read, and which of the copy written.
  private static func copy(
    _ origin: Tensor, to copy: Tensor, name: String,
    done: (_ read: Range<Int>, _ written: Range<Int>) -> Void
  ) throws {
    let conversion = ElementConversion(source: origin.dtype, target: copy.dtype)
    let width = origin.dtype.byteCount
    let copyWidth = copy.dtype.byteCount
    var start = 0
    while start < origin.elementCount {
      let count = min(ElementConversion.chunk, origin.elementCount - start)
      let input = origin.bytes + start * width
      let fault = conversion.convert(input, to: copy.bytes + start * copyWidth, count: count)
      if let fault {
        throw conversion.overflow(
          of: name, element: start + fault, value: input + fault * width)
      }
      let end = start + count
      done(start * width..<end * width, start * copyWidth..<end * copyWidth)
      start = end
    }
  }
}

extension WorkingCopy: MappedTensorSource {
  package var tensorNames: [String] { table.names }

  package var floatingPointNames: [String] { table.names }

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

  /// Gives back pages of a copy that lies in a file; what lies in memory has nowhere to go.
  package func discardPages(ofTensor name: String, bytes: Range<Int>) {
    guard let file, let place = places[name] else { return }
    file.drop(place + bytes.lowerBound..<place + bytes.upperBound)
  }
}
