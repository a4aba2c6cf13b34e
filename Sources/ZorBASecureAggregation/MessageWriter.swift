/// Builds a message: little-endian numbers, and bytes with a count before them.
struct MessageWriter {
  private(set) var bytes: [UInt8] = []

  mutating func append<Number: FixedWidthInteger>(_ number: Number) {
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// Bytes whose number the reader knows.
  mutating func append(fixed content: some Sequence<UInt8>) { bytes.append(contentsOf: content) }

  mutating func append(counted content: some Collection<UInt8>) {
    append(UInt32(content.count))
    bytes.append(contentsOf: content)
  }

  mutating func append(text: String) { append(counted: text.utf8) }

  mutating func reserve(_ count: Int) { bytes.reserveCapacity(bytes.count + count) }
}
