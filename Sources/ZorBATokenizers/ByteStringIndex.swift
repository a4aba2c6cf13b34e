/// An immutable map from byte strings to ids, built once and read by many threads.
///
/// Open addressing with linear probing over one block of bytes. Swift's own dictionary would
/// compare strings by canonical equivalence and merge tokens that differ only in normalisation.
struct ByteStringIndex: Sendable {
  /// Start of each entry in `bytes`, and one past the last. // [entries + 1]
  private var starts: [UInt32] = [0]
  private var ids: [Int32] = []  // [entries]
  private var bytes: [UInt8] = []
  /// Entry number plus one, 0 for a free slot. // [power of two, at least 2 * entries]
  private var slots: [UInt32] = [0, 0]

  init() {}

  /// Reserves space, so that adding `entries` strings rehashes nothing.
  init(entries: Int) {
    var capacity = 2
    while capacity < entries * 2 { capacity *= 2 }
    slots = [UInt32](repeating: 0, count: capacity)
    starts.reserveCapacity(entries + 1)
    ids.reserveCapacity(entries)
  }

  var count: Int { ids.count }

  /// Adds a string; false when it is there already, and then nothing changes.
  mutating func insert(_ key: UnsafeBufferPointer<UInt8>, id: Int32) -> Bool {
    if find(key) != nil { return false }
    if (ids.count + 1) * 2 > slots.count { grow() }
    bytes.append(contentsOf: key)
    ids.append(id)
    starts.append(UInt32(truncatingIfNeeded: bytes.count))
    place(entry: ids.count, hash: Self.hash(key))
    return true
  }

  mutating func insert(_ key: [UInt8], id: Int32) -> Bool {
    key.withUnsafeBufferPointer { insert($0, id: id) }
  }

  /// The id of a string, or nil.
  @inline(__always)
  func find(_ key: UnsafeBufferPointer<UInt8>) -> Int32? {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: Self.hash(key)) & mask
    while true {
      let entry = Int(slots[slot])
      if entry == 0 { return nil }
      if matches(entry - 1, key) { return ids[entry - 1] }
      slot = (slot + 1) & mask
    }
  }

  func find(_ key: [UInt8]) -> Int32? { key.withUnsafeBufferPointer { find($0) } }

  @inline(__always)
  private func matches(_ entry: Int, _ key: UnsafeBufferPointer<UInt8>) -> Bool {
    let start = Int(starts[entry])
    guard Int(starts[entry + 1]) - start == key.count else { return false }
    return bytes.withUnsafeBufferPointer { stored in
      for offset in 0..<key.count where stored[start + offset] != key[offset] { return false }
      return true
    }
  }

  private mutating func place(entry: Int, hash: UInt64) {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] != 0 { slot = (slot + 1) & mask }
    slots[slot] = UInt32(truncatingIfNeeded: entry)
  }

  private mutating func grow() {
    slots = [UInt32](repeating: 0, count: slots.count * 2)
    for entry in 0..<ids.count {
      let hash = bytes.withUnsafeBufferPointer {
        Self.hash(UnsafeBufferPointer(rebasing: $0[Int(starts[entry])..<Int(starts[entry + 1])]))
      }
      place(entry: entry + 1, hash: hash)
    }
  }

  /// Multiply-and-fold over eight bytes at a time; keys come from a file, so no seed is needed.
  @inline(__always)
  static func hash(_ key: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var state = UInt64(truncatingIfNeeded: key.count) &* 0x9E37_79B9_7F4A_7C15
    var offset = 0
    while offset + 8 <= key.count {
      var chunk: UInt64 = 0
      for byte in 0..<8 { chunk |= UInt64(key[offset + byte]) << UInt64(byte * 8) }
      state = fold(state ^ chunk)
      offset += 8
    }
    var chunk: UInt64 = 0
    var shift: UInt64 = 0
    while offset < key.count {
      chunk |= UInt64(key[offset]) << shift
      shift += 8
      offset += 1
    }
    return fold(state ^ chunk)
  }

  @inline(__always)
  private static func fold(_ value: UInt64) -> UInt64 {
    let product = (value ^ 0x2D35_8DCC_AA6C_78A5).multipliedFullWidth(by: 0x8BB8_4B93_962E_ACC9)
    return product.high ^ product.low
  }
}
