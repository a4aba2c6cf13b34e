import Crypto
import ZorBADiagnostics

/// A change of every element of some tensors, as it is sent, journaled and applied.
///
///     float32   every element in binary32
///     int8      for every row: scale s = max |d| / 127 in binary32, then q = d / s, rounded to
///               nearest, ties to even, within ±127; it stands for q s
///
/// Row after row, tensor after tensor, little endian.
package struct DenseDelta: Hashable, Sendable {
  package let layout: DenseLayout
  package let encoding: DenseEncoding
  package let body: [UInt8]

  /// A change that was received.
  ///
  /// - Throws: `ZorBAError` with code `invalidData` when it has another number of bytes. Its values
  ///   are checked when they are decoded.
  package init(layout: DenseLayout, encoding: DenseEncoding, body: [UInt8]) throws {
    let expected = layout.byteCount(encoding)
    guard body.count == expected else {
      throw ZorBAError(
        .invalidData, "a dense update has \(body.count) bytes, not \(expected)",
        at: .init(field: "delta"))
    }
    self.layout = layout
    self.encoding = encoding
    self.body = body
  }

  /// Writes a change row by row.
  ///
  /// - Parameter row: Fills the row of an entry of the layout.
  /// - Throws: `ZorBAError` with code `diverged` when a value is not finite.
  package init(
    layout: DenseLayout, encoding: DenseEncoding,
    row: (_ entry: Int, _ row: Int, _ into: UnsafeMutableBufferPointer<Float>) throws -> Void
  ) throws {
    self.layout = layout
    self.encoding = encoding
    let byteCount = layout.byteCount(encoding)
    let longest = layout.entries.reduce(0) { max($0, $1.rowLength) }
    let scratch = UnsafeMutableBufferPointer<Float>.allocate(capacity: max(1, longest))
    defer { scratch.deallocate() }
    var failure: (any Error)?
    body = [UInt8](unsafeUninitializedCapacity: byteCount) { bytes, count in
      var out = UnsafeMutableRawBufferPointer(bytes)
      do {
        for (index, entry) in layout.entries.enumerated() {
          let values = UnsafeMutableBufferPointer(rebasing: scratch[..<entry.rowLength])
          for number in 0..<entry.rowCount {
            try row(index, number, values)
            let used = try Self.write(UnsafeBufferPointer(values), as: encoding, to: out)
            out = UnsafeMutableRawBufferPointer(rebasing: out[used...])
          }
        }
        count = byteCount
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  /// hash("zorba/1/dense" | encoding u8 | body), the first 16 bytes.
  package var digest: Digest128 {
    var hash = DenseHash(encoding)
    body.withUnsafeBytes { hash.update($0) }
    return hash.digest
  }

  private static func write(
    _ values: UnsafeBufferPointer<Float>, as encoding: DenseEncoding,
    to out: UnsafeMutableRawBufferPointer
  ) throws -> Int {
    var largest: Float = 0
    var isFinite = true
    for value in values {
      largest = max(largest, abs(value))
      isFinite = isFinite && value.isFinite
    }
    guard isFinite else {
      throw ZorBAError(
        .diverged, "a change of a weight is not finite", at: .init(field: "delta"),
        advice: "Lower the learning rate.")
    }
    switch encoding {
    case .float32:
      for (index, value) in values.enumerated() {
        out.storeBytes(
          of: value.bitPattern.littleEndian, toByteOffset: 4 * index, as: UInt32.self)
      }
      return 4 * values.count
    case .int8:
      let scale = largest / 127
      out.storeBytes(of: scale.bitPattern.littleEndian, as: UInt32.self)
      for (index, value) in values.enumerated() {
        // A row so small that its scale is 0 stands for no change.
        let ratio = scale == 0 ? 0 : (value / scale).rounded(.toNearestOrEven)
        let level = Int8(max(-127, min(127, ratio)))
        out.storeBytes(of: level, toByteOffset: 4 + index, as: Int8.self)
      }
      return 4 + values.count
    }
  }
}

/// The running digest of a dense update's bytes.
package struct DenseHash: Sendable {
  private var hash = SHA256()

  package init(_ encoding: DenseEncoding) {
    hash.update(data: Array("zorba/1/dense".utf8) + [encoding.code])
  }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    hash.update(bufferPointer: bytes)
  }

  package var digest: Digest128 { Digest128(prefixOf: hash.finalize()) }
}
