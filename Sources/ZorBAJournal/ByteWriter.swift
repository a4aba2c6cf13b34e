import ZorBAOptimization

/// The parts a record's payload is made of; `ByteReader` takes them apart.
extension Array where Element == UInt8 {
  /// An unsigned LEB128 number: 7 bits a byte, low bits first, bit 7 set on all but the last.
  package mutating func append(varint value: some BinaryInteger) {
    var rest = UInt64(value)
    while rest >= 0x80 {
      append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    append(UInt8(rest))
  }

  package mutating func append(floats values: [Float]) {
    for value in values { append(littleEndian: value.bitPattern) }
  }

  /// Strictly ascending numbers from `first` up, as runs: their count, then for each run the gap
  /// before it and its length less 1.
  package mutating func append(ascending numbers: some Sequence<Int>, from first: Int) {
    var runs: [Range<Int>] = []
    for number in numbers {
      if let last = runs.last, last.upperBound == number {
        runs[runs.count - 1] = last.lowerBound..<number + 1
      } else {
        runs.append(number..<number + 1)
      }
    }
    append(varint: runs.count)
    var next = first
    for run in runs {
      append(varint: run.lowerBound - next)
      append(varint: run.count - 1)
      next = run.upperBound
    }
  }
}
