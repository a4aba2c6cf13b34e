/// The members of an object in file order, found by the UTF-8 bytes of their key.
package struct JSONObject: Sendable {
  /// One `key: value` of an object.
  package struct Member: Sendable {
    package let key: String
    package let value: JSONValue
    /// The line of the key, counted from 1; 0 when it was not parsed.
    package let line: Int

    package init(key: String, value: JSONValue, line: Int = 0) {
      self.key = key
      self.value = value
      self.line = line
    }
  }

  package private(set) var members: [Member] = []

  /// A hash table of member numbers plus 1, 0 for free; its length is a power of two, at least
  /// twice the members. Empty while a scan is cheaper, which is most objects.
  private var slots: [Int] = []

  private static let longestScan = 8

  package init() {}

  /// Appends a member; false when the key is there already, byte for byte.
  package mutating func append(_ member: Member) -> Bool {
    guard members.count >= Self.longestScan else {
      if place(of: member.key) != nil { return false }
      members.append(member)
      return true
    }
    if 2 * (members.count + 1) > slots.count { growSlots() }
    let slot = self.slot(of: member.key)
    guard slots[slot] == 0 else { return false }
    members.append(member)
    slots[slot] = members.count
    return true
  }

  package subscript(key: String) -> JSONValue? { place(of: key).map { members[$0].value } }

  /// The line on which the member stands, or nil when it is absent.
  package func line(of key: String) -> Int? { place(of: key).map { members[$0].line } }

  private func place(of key: String) -> Int? {
    if slots.isEmpty { return members.firstIndex { $0.key.hasSameBytes(as: key) } }
    let number = slots[slot(of: key)]
    return number == 0 ? nil : number - 1
  }

  /// The slot that holds the key, or the free one where it belongs.
  private func slot(of key: String) -> Int {
    let mask = slots.count - 1
    var slot = key.hashOfBytes & mask
    while slots[slot] != 0, !members[slots[slot] - 1].key.hasSameBytes(as: key) {
      slot = (slot + 1) & mask
    }
    return slot
  }

  private mutating func growSlots() {
    let count = max(4 * Self.longestScan, 2 * slots.count)
    slots = Array(repeating: 0, count: count)
    for (index, member) in members.enumerated() {
      // Keys are distinct, so the first free slot is theirs and nothing need be compared.
      var slot = member.key.hashOfBytes & (count - 1)
      while slots[slot] != 0 { slot = (slot + 1) & (count - 1) }
      slots[slot] = index + 1
    }
  }
}

extension JSONObject: Equatable {
  /// Whether both have the same keys with the same values in the same order; lines do not count.
  package static func == (left: JSONObject, right: JSONObject) -> Bool {
    left.members == right.members
  }
}

extension JSONObject.Member: Equatable {
  /// Whether key and value agree, byte for byte; the line does not count.
  package static func == (left: Self, right: Self) -> Bool {
    left.key.hasSameBytes(as: right.key) && left.value == right.value
  }
}

extension String {
  /// Byte equality, where `==` would be canonical equivalence.
  func hasSameBytes(as other: String) -> Bool {
    let same = utf8.withContiguousStorageIfAvailable { left in
      other.utf8.withContiguousStorageIfAvailable { right in
        left.count == right.count && left.elementsEqual(right)
      }
    }
    return (same ?? nil) ?? utf8.elementsEqual(other.utf8)
  }

  /// A hash of the UTF-8 bytes, seeded per process: no file can be built to make keys collide.
  fileprivate var hashOfBytes: Int {
    var hasher = Hasher()
    if utf8.withContiguousStorageIfAvailable({ hasher.combine(bytes: .init($0)) }) == nil {
      for byte in utf8 { hasher.combine(byte) }
    }
    return hasher.finalize()
  }
}
