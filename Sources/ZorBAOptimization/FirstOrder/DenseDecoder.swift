import ZorBADiagnostics

/// Reads a dense update as its bytes come, cut anywhere, in memory for one row's scale.
package struct DenseDecoder {
  package let layout: DenseLayout
  package let encoding: DenseEncoding

  private var entry = 0
  private var row = 0
  private var column = 0
  private var scale: Float?
  /// Bytes of a number whose others are still to come.
  private var started: [UInt8] = []

  private static let portion = 4096

  package init(layout: DenseLayout, encoding: DenseEncoding) {
    self.layout = layout
    self.encoding = encoding
    skipEmpty()
  }

  /// Whether the last element has been read.
  package var isFinished: Bool { entry == layout.entries.count }

  /// Decodes what comes next.
  ///
  /// - Parameter emit: Given an entry of the layout, the place of the first element in its tensor,
  ///   and the values; in the order of the layout.
  /// - Throws: `ZorBAError` with code `invalidData` when a value is none that a change can have, or
  ///   there are more bytes than the layout calls for.
  package mutating func feed(
    _ bytes: UnsafeRawBufferPointer,
    emit: (_ entry: Int, _ first: Int, _ values: UnsafeBufferPointer<Float>) throws -> Void
  ) throws {
    try withUnsafeTemporaryAllocation(of: Float.self, capacity: Self.portion) { scratch in
      var rest = bytes
      while !rest.isEmpty {
        guard !isFinished else { throw Self.fault("it goes on after its last element") }
        let used: Int
        if encoding == .float32 || scale == nil, !started.isEmpty || rest.count < 4 {
          used = try takeStarted(rest, scratch: scratch, emit: emit)
        } else if encoding == .int8, scale == nil {
          try begin(Float(bitPattern: Self.word(rest, at: 0)))
          used = 4
        } else {
          used = try takeElements(rest, scratch: scratch, emit: emit)
        }
        rest = UnsafeRawBufferPointer(rebasing: rest[used...])
      }
    }
  }

  /// Adds a byte to a number that was cut.
  private mutating func takeStarted(
    _ bytes: UnsafeRawBufferPointer, scratch: UnsafeMutableBufferPointer<Float>,
    emit: (Int, Int, UnsafeBufferPointer<Float>) throws -> Void
  ) throws -> Int {
    started.append(bytes[0])
    guard started.count == 4 else { return 1 }
    let value = Float(
      bitPattern: started.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
    started = []
    if encoding == .int8 {
      try begin(value)
    } else {
      scratch[0] = value
      try hand(scratch, count: 1, emit: emit)
    }
    return 1
  }

  private mutating func takeElements(
    _ bytes: UnsafeRawBufferPointer, scratch: UnsafeMutableBufferPointer<Float>,
    emit: (Int, Int, UnsafeBufferPointer<Float>) throws -> Void
  ) throws -> Int {
    let left = layout.entries[entry].rowLength - column
    switch encoding {
    case .float32:
      let count = min(left, bytes.count / 4, scratch.count)
      for index in 0..<count {
        scratch[index] = Float(bitPattern: Self.word(bytes, at: 4 * index))
      }
      try hand(scratch, count: count, emit: emit)
      return 4 * count
    case .int8:
      let count = min(left, bytes.count, scratch.count)
      let scale = scale ?? 0
      var lowest: Int8 = 0
      for index in 0..<count {
        let level = Int8(bitPattern: bytes[index])
        lowest = min(lowest, level)
        scratch[index] = Float(level) * scale
      }
      guard lowest > -128 else { throw Self.fault("a level is -128") }
      try hand(scratch, count: count, emit: emit)
      return count
    }
  }

  private mutating func begin(_ scale: Float) throws {
    guard scale.isFinite, scale.sign == .plus else {
      throw Self.fault("a row has the scale \(scale)")
    }
    self.scale = scale
  }

  private mutating func hand(
    _ scratch: UnsafeMutableBufferPointer<Float>, count: Int,
    emit: (Int, Int, UnsafeBufferPointer<Float>) throws -> Void
  ) throws {
    let values = UnsafeBufferPointer(rebasing: scratch[..<count])
    var isFinite = true
    for value in values { isFinite = isFinite && value.isFinite }
    guard isFinite else { throw Self.fault("a value is not finite") }
    let length = layout.entries[entry].rowLength
    try emit(entry, row * length + column, values)
    column += count
    guard column == length else { return }
    column = 0
    scale = nil
    row += 1
    if row == layout.entries[entry].rowCount {
      row = 0
      entry += 1
      skipEmpty()
    }
  }

  private mutating func skipEmpty() {
    while entry < layout.entries.count, layout.entries[entry].elementCount == 0 { entry += 1 }
  }

  private static func word(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt32 {
    UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  private static func fault(_ message: String) -> ZorBAError {
    ZorBAError(
      .invalidData, "the dense update cannot be used: \(message)", at: .init(field: "delta"))
  }
}

extension DenseDelta {
  /// Decodes all of it.
  ///
  /// - Throws: As `DenseDecoder.feed`.
  package func decode(
    emit: (_ entry: Int, _ first: Int, _ values: UnsafeBufferPointer<Float>) throws -> Void
  ) throws {
    var decoder = DenseDecoder(layout: layout, encoding: encoding)
    try body.withUnsafeBytes { try decoder.feed($0, emit: emit) }
  }
}
