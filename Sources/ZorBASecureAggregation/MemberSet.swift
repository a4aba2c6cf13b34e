import ZorBADiagnostics

/// A set of positions of the group; on the wire one bit each, lowest first.
struct MemberSet: Sendable, Hashable {
  private(set) var flags: [Bool]
  private(set) var count = 0

  /// The empty set of a group.
  init(of members: Int) { flags = Array(repeating: false, count: members) }

  /// The positions where `flags` is true.
  init(_ flags: [Bool]) {
    self.flags = flags
    count = flags.count { $0 }
  }

  subscript(position: Int) -> Bool {
    flags[position]
  }

  mutating func insert(_ position: Int) {
    guard !flags[position] else { return }
    flags[position] = true
    count += 1
  }

  mutating func remove(_ position: Int) {
    guard flags[position] else { return }
    flags[position] = false
    count -= 1
  }

  /// The positions, ascending.
  var positions: [Int] { flags.indices.filter { flags[$0] } }

  /// A position that is in this set and not in the other, if any.
  func firstOutside(_ other: MemberSet) -> Int? {
    flags.indices.first { flags[$0] && !other.flags[$0] }
  }

  /// ceil(members / 8) bytes.
  var bytes: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: (flags.count + 7) / 8)
    for position in flags.indices where flags[position] {
      bytes[position / 8] |= 1 << UInt8(position % 8)
    }
    return bytes
  }
}
