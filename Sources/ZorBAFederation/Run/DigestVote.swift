/// Whose digest is the right one.
///
/// A digest that the coordinator knows decides alone; otherwise more than half of those who gave one
/// must agree. Who gave none is not judged.
enum DigestVote: Equatable {
  /// The right digest, nil when nobody gave any, and who differs from it, ascending.
  case decided([UInt8]?, dissenters: [Int])
  /// No side has a majority; the sides in words.
  case undecided(String)

  init(_ digests: [Int: [UInt8]], reference: [UInt8]? = nil) {
    let voters = digests.keys.sorted()
    var sides: [(digest: [UInt8], voters: [Int])] = []
    for voter in voters {
      guard let digest = digests[voter] else { continue }
      if let side = sides.firstIndex(where: { $0.digest == digest }) {
        sides[side].voters.append(voter)
      } else {
        sides.append((digest, [voter]))
      }
    }
    let right = reference ?? sides.first { 2 * $0.voters.count > voters.count }?.digest
    if let right {
      self = .decided(right, dissenters: voters.filter { digests[$0] != right })
    } else if sides.isEmpty {
      self = .decided(nil, dissenters: [])
    } else {
      let named = sides.map { side in
        "client \(side.voters.map { "\($0 + 1)" }.joined(separator: ", "))"
      }
      self = .undecided(named.joined(separator: " against "))
    }
  }
}
