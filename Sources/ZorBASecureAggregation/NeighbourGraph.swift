import Crypto

/// Who masks and shares with whom: everybody, or a ring in random order with k/2 links each way.
///
/// The order is drawn from a public seed that depends on the keys everybody advertised, so nobody
/// knows it before all have committed to their keys; each member's neighbours are a uniformly random
/// k-subset of the others, which is what the parameters were computed for (Bell et al. 2020, section
/// 3.3).
struct NeighbourGraph {
  let members: Int
  let degree: Int
  /// Positions in the order of the ring.
  private let ring: [Int]
  /// The place in the ring of each position.
  private let place: [Int]

  private var isComplete: Bool { degree == members - 1 }

  /// Draws the graph of a session from the digest of its roster.
  init(session: SecureSession, roster: [UInt8]) throws {
    members = session.parameters.members
    degree = session.parameters.degree
    var ring = Array(0..<members)
    if session.parameters.degree < members - 1 {
      let seed = Labels.digest(.graph, session.identifier, roster)
      var random = try PublicGenerator(seed: seed, words: 2 * members)
      ring.shuffle(using: &random)
    }
    var place = ring
    for (index, position) in ring.enumerated() { place[position] = index }
    self.ring = ring
    self.place = place
  }

  /// The positions adjacent to `position`, ascending.
  func neighbours(of position: Int) -> [Int] {
    guard !isComplete else { return (0..<members).filter { $0 != position } }
    let start = place[position] - degree / 2 + members
    return (0...degree).compactMap {
      let neighbour = ring[(start + $0) % members]
      return neighbour == position ? nil : neighbour
    }.sorted()
  }

  /// Whether two positions are adjacent.
  func areNeighbours(_ left: Int, _ right: Int) -> Bool {
    guard left != right else { return false }
    let distance = abs(place[left] - place[right])
    return isComplete || min(distance, members - distance) <= degree / 2
  }

  /// The point, 1 to 255, at which the neighbour `holder` holds its shares of `owner`'s secrets.
  func point(of holder: Int, for owner: Int) -> UInt8 {
    guard !isComplete else { return UInt8(truncatingIfNeeded: holder + 1) }
    let ahead = (place[holder] - place[owner] + members) % members
    return UInt8(
      truncatingIfNeeded: ahead <= degree / 2 ? ahead : degree / 2 + members - ahead)
  }

  /// How many neighbours each position has in a set.
  func degrees(within set: MemberSet) -> [Int] {
    guard !isComplete else { return (0..<members).map { set.count - (set[$0] ? 1 : 0) } }
    var degrees = [Int](repeating: 0, count: members)
    let reach = degree / 2
    // A window that slides round the ring.
    var window = (-reach...reach).count { set[ring[($0 + members) % members]] }
    for index in 0..<members {
      let position = ring[index]
      degrees[position] = window - (set[position] ? 1 : 0)
      window -= set[ring[(index - reach + members) % members]] ? 1 : 0
      window += set[ring[(index + reach + 1) % members]] ? 1 : 0
    }
    return degrees
  }
}

/// A generator whose numbers anybody can repeat from its seed: the first words of a keystream, then
/// those of the next key.
struct PublicGenerator: RandomNumberGenerator {
  private var seed: [UInt8]
  private var words: [UInt64]
  private var used = 0

  init(seed: [UInt8], words: Int) throws {
    self.seed = seed
    self.words = try Keystream(key: SymmetricKey(data: seed)).words(max(1, words))
  }

  mutating func next() -> UInt64 {
    if used == words.count {
      // Rejections used the stream up; go on with the stream of the seed's digest. A key of 32 bytes
      // is always taken, so the old words are never kept.
      seed = Array(SHA256.hash(data: seed))
      words = (try? Keystream(key: SymmetricKey(data: seed)).words(words.count)) ?? words
      used = 0
    }
    used += 1
    return words[used - 1]
  }
}
