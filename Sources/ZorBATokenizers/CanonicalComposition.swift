/// Unicode normalization form C (UAX #15): canonical decomposition, canonical order, composition.
///
/// Done here because Foundation's version on Linux leaves some Hangul uncomposed, and because ids
/// must not depend on which Unicode version a platform has.
enum CanonicalComposition {
  private static let tables = Tables()

  /// Composes valid UTF-8.
  ///
  /// A character is inert if it starts a sequence and never changes by itself or because of what
  /// stands before it. Only stretches of other characters, each with the inert one before it, are
  /// worked on; the rest is copied.
  static func apply(to text: [UInt8]) -> [UInt8] {
    guard let firstHigh = text.firstIndex(where: { $0 >= 0xCC }) else { return text }
    let tables = Self.tables
    return text.withUnsafeBufferPointer { bytes in
      var result: [UInt8] = []
      var copied = 0
      var previous = firstHigh > 0 ? UTF8Text.start(ofScalarBefore: firstHigh, in: bytes) : 0
      var position = firstHigh
      while position < bytes.count {
        let (value, length) = UTF8Text.scalar(in: bytes, at: position)
        if tables.isInert(value) {
          previous = position
          position += length
          continue
        }
        var scalars: [UInt32] = []
        var end = previous
        repeat {
          let (value, length) = UTF8Text.scalar(in: bytes, at: end)
          if end > position, tables.isInert(value) { break }
          tables.decompose(value, into: &scalars)
          end += length
        } while end < bytes.count
        if result.isEmpty { result.reserveCapacity(bytes.count) }
        result.append(contentsOf: bytes[copied..<previous])
        tables.order(&scalars)
        tables.compose(&scalars)
        for scalar in scalars { append(scalar, to: &result) }
        copied = end
        previous = end
        position = end
      }
      if copied == 0 { return text }
      result.append(contentsOf: bytes[copied...])
      return result
    }
  }

  /// The canonical decomposition (normalization form D) of scalars.
  static func decomposed(_ scalars: [UInt32]) -> [UInt32] {
    let tables = Self.tables
    var result: [UInt32] = []
    result.reserveCapacity(scalars.count)
    for value in scalars {
      if value < 0xC0 { result.append(value) } else { tables.decompose(value, into: &result) }
    }
    tables.order(&result)
    return result
  }

  private static func append(_ value: UInt32, to bytes: inout [UInt8]) {
    if let scalar = Unicode.Scalar(value) {
      bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }
  }
}

/// The tables of `CanonicalData`, ready for look-up.
private struct Tables: Sendable {
  private var decompositions: [UInt32: (first: UInt32, second: UInt32?)] = [:]
  private var compositions: [UInt64: UInt32] = [:]
  private var classes: [UInt32: UInt8] = [:]
  private var notInert: [UInt64]  // One bit a scalar below `limit`.

  private static let limit: UInt32 = 0x30000

  /// The arithmetic of Hangul syllables, Unicode section 3.12.
  private enum Hangul {
    static let leading: Range<UInt32> = 0x1100..<0x1113
    static let vowel: Range<UInt32> = 0x1161..<0x1176
    static let trailing: Range<UInt32> = 0x11A8..<0x11C3
    static let syllables: Range<UInt32> = 0xAC00..<0xD7A4
    static let trailingCount: UInt32 = 28  // None and 27.
    static let vowelCount: UInt32 = 21
  }

  init() {
    notInert = [UInt64](repeating: 0, count: Int(Self.limit / 64))
    for row in Self.rows(CanonicalData.compositions) where row.count == 3 {
      decompositions[row[0]] = (row[1], row[2])
      compositions[UInt64(row[1]) << 32 | UInt64(row[2])] = row[0]
      mark(row[2])
    }
    for row in Self.rows(CanonicalData.decompositions) where row.count >= 2 {
      decompositions[row[0]] = (row[1], row.count > 2 ? row[2] : nil)
      mark(row[0])
    }
    for row in Self.rows(CanonicalData.combiningClasses) where row.count == 3 {
      for value in row[0]...max(row[0], row[1]) {
        classes[value] = UInt8(truncatingIfNeeded: row[2])
        mark(value)
      }
    }
    for value in Hangul.vowel { mark(value) }
    for value in Hangul.trailing { mark(value) }
  }

  private mutating func mark(_ value: UInt32) {
    if value < Self.limit { notInert[Int(value / 64)] |= 1 << UInt64(value % 64) }
  }

  private static func rows(_ text: StaticString) -> [[UInt32]] {
    text.withUTF8Buffer { String(decoding: $0, as: UTF8.self) }
      .split(whereSeparator: \.isWhitespace)
      .map { row in row.split(separator: ",").compactMap { UInt32($0, radix: 16) } }
  }

  @inline(__always)
  func isInert(_ value: UInt32) -> Bool {
    value < 0x300 || value >= Self.limit
      || notInert[Int(value / 64)] >> UInt64(value % 64) & 1 == 0
  }

  func decompose(_ value: UInt32, into scalars: inout [UInt32]) {
    if Hangul.syllables.contains(value) {
      let index = value - Hangul.syllables.lowerBound
      let trailing = index % Hangul.trailingCount
      let pair = index / Hangul.trailingCount
      scalars.append(Hangul.leading.lowerBound + pair / Hangul.vowelCount)
      scalars.append(Hangul.vowel.lowerBound + pair % Hangul.vowelCount)
      if trailing > 0 { scalars.append(Hangul.trailing.lowerBound - 1 + trailing) }
    } else if let (first, second) = decompositions[value] {
      decompose(first, into: &scalars)
      if let second { decompose(second, into: &scalars) }
    } else {
      scalars.append(value)
    }
  }

  private func combiningClass(_ value: UInt32) -> UInt8 { classes[value] ?? 0 }

  /// Sorts every run of marks by class; marks of one class keep their order.
  func order(_ scalars: inout [UInt32]) {
    var start = 0
    while start < scalars.count {
      if combiningClass(scalars[start]) == 0 {
        start += 1
        continue
      }
      var end = start
      while end < scalars.count, combiningClass(scalars[end]) != 0 { end += 1 }
      let run = scalars[start..<end].enumerated().sorted {
        (combiningClass($0.element), $0.offset) < (combiningClass($1.element), $1.offset)
      }
      scalars.replaceSubrange(start..<end, with: run.map(\.element))
      start = end
    }
  }

  /// Composes every scalar with the last starter unless another of its class or a starter blocks it.
  func compose(_ scalars: inout [UInt32]) {
    var composed: [UInt32] = []
    composed.reserveCapacity(scalars.count)
    var starter: Int?
    var lastClass: UInt8 = 0
    for value in scalars {
      let currentClass = combiningClass(value)
      if let starter {
        let isAdjacent = composed.count == starter + 1
        if isAdjacent || lastClass < currentClass, let composite = pair(composed[starter], value) {
          composed[starter] = composite
          continue
        }
      }
      if currentClass == 0 { starter = composed.count }
      lastClass = currentClass
      composed.append(value)
    }
    scalars = composed
  }

  private func pair(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if Hangul.leading.contains(first), Hangul.vowel.contains(second) {
      let pair =
        (first - Hangul.leading.lowerBound) * Hangul.vowelCount + second - Hangul.vowel.lowerBound
      return Hangul.syllables.lowerBound + pair * Hangul.trailingCount
    }
    if Hangul.syllables.contains(first), Hangul.trailing.contains(second),
      (first - Hangul.syllables.lowerBound) % Hangul.trailingCount == 0
    {
      return first + (second - Hangul.trailing.lowerBound + 1)
    }
    return compositions[UInt64(first) << 32 | UInt64(second)]
  }
}
