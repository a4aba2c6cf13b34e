/// Which neighbouring symbols merge, into what, and in which order.
///
/// An immutable open-addressing table keyed by both ids in one word. Ranks are merged from the
/// lowest; two pairs may share a rank (SentencePiece pieces of equal score), then the left one goes
/// first.
struct MergeTable: Sendable {
  /// What a pair becomes. `none` has the greatest rank, so that a minimum search needs no test.
  struct Merge: Sendable, Equatable {
    var rank: UInt32
    var id: Int32

    static let none = Merge(rank: .max, id: -1)
  }

  fileprivate struct Slot: Sendable {
    var key: UInt64
    var merge: Merge
  }

  private var slots: [Slot]  // [power of two, at least 2 * count]
  private(set) var count = 0
  private static let free = UInt64.max

  init(entries: Int) {
    var capacity = 2
    while capacity < entries * 2 { capacity *= 2 }
    slots = [Slot](repeating: Slot(key: Self.free, merge: .none), count: capacity)
  }

  /// Sets what a pair becomes; a later call for the same pair wins.
  ///
  /// - Precondition: At most as many pairs are set as `init(entries:)` was told, ids are not
  ///   negative and the rank is not `UInt32.max`.
  mutating func set(_ left: Int32, _ right: Int32, _ merge: Merge) {
    let key = Self.key(left, right)
    var slot = slots.withUnsafeBufferPointer { Self.home(of: key, in: $0) }
    while slots[slot].key != Self.free, slots[slot].key != key {
      slot = (slot + 1) & (slots.count - 1)
    }
    if slots[slot].key == Self.free { count += 1 }
    slots[slot] = Slot(key: key, merge: merge)
  }

  func find(_ left: Int32, _ right: Int32) -> Merge { withLookup { $0(left, right) } }

  /// What the pairs become, in no order.
  var results: some Sequence<Int32> {
    slots.lazy.filter { $0.key != Self.free }.map(\.merge.id)
  }

  /// Borrowed access for a merge loop.
  struct Lookup {
    fileprivate let slots: UnsafeBufferPointer<Slot>

    @inline(__always)
    func callAsFunction(_ left: Int32, _ right: Int32) -> Merge {
      let key = MergeTable.key(left, right)
      var slot = MergeTable.home(of: key, in: slots)
      while true {
        if slots[slot].key == key { return slots[slot].merge }
        if slots[slot].key == MergeTable.free { return .none }
        slot = (slot + 1) & (slots.count - 1)
      }
    }
  }

  @inline(__always)
  func withLookup<Result>(_ body: (Lookup) -> Result) -> Result {
    slots.withUnsafeBufferPointer { body(Lookup(slots: $0)) }
  }

  @inline(__always)
  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  @inline(__always)
  private static func home(of key: UInt64, in slots: UnsafeBufferPointer<Slot>) -> Int {
    let mixed = (key ^ key >> 29) &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: mixed >> 32) & (slots.count - 1)
  }
}
