import Crypto
import ZorBADiagnostics

/// One secure sum: who adds up what, in which attempt at which round of which run.
///
/// Coordinator and sites build it from what they already know and never send it; where they differ
/// in anything, their identifiers differ, no signature verifies, and nothing is summed.
package struct SecureSession: Sendable, Hashable {
  /// The most bytes of certificates a member may send.
  package static let largestCertificates = 1 << 16
  /// The most bytes of a signature.
  package static let largestSignature = 1 << 10
  /// The most words of a vector.
  package static let largestVector = 1 << 24

  /// The name of the federation.
  package let federation: String
  /// The identifier of the run.
  package let run: String
  /// The digest of the run's header, which fixes everything about the run.
  package let header: [UInt8]
  /// The round, as the run counts it.
  package let round: Int
  /// The attempt at the round.
  package let attempt: Int
  /// The client numbers of the group, ascending.
  package let members: [Int]
  /// The words of the vector each member adds.
  package let vectorLength: Int
  /// Degree, thresholds and quorum.
  package let parameters: SecureAggregationParameters

  /// SHA-256 of a canonical encoding of all the above: 32 bytes that every signature and every key
  /// derivation of the session binds.
  package let identifier: [UInt8]

  /// Creates a session.
  ///
  /// - Throws: ``ZorBAError`` with code `refused` where a member is named twice; `invalidData` where
  ///   members are not ascending or negative, their number is not the one the parameters are for, or
  ///   a number is out of range.
  package init(
    federation: String, run: String, header: [UInt8], round: Int, attempt: Int, members: [Int],
    vectorLength: Int, parameters: SecureAggregationParameters
  ) throws {
    self.federation = federation
    self.run = run
    self.header = header
    self.round = round
    self.attempt = attempt
    self.members = members
    self.vectorLength = vectorLength
    self.parameters = parameters
    try Self.check(members, parameters)
    guard (1...Self.largestVector).contains(vectorLength) else {
      throw ZorBAError(
        .invalidData,
        "a vector of \(vectorLength) words cannot be summed; 1 to \(Self.largestVector) can be",
        at: .init(field: "vector length"), advice: "Take fewer directions a step.")
    }
    guard round >= 0, attempt >= 0, federation.utf8.count <= 1 << 16, run.utf8.count <= 1 << 16,
      header.count <= 1 << 16
    else {
      throw ZorBAError(
        .invalidData, "round \(round), attempt \(attempt) does not name a session",
        advice: "Rounds and attempts count from 0, and names have at most 65,536 bytes.")
    }
    var writer = MessageWriter()
    writer.append(text: "ZorBA secure aggregation session v1")
    writer.append(text: federation)
    writer.append(text: run)
    writer.append(counted: header)
    writer.append(UInt64(round))
    writer.append(UInt64(attempt))
    writer.append(UInt32(vectorLength))
    parameters.write(to: &writer)
    writer.append(UInt32(members.count))
    for member in members { writer.append(UInt64(member)) }
    identifier = Array(SHA256.hash(data: writer.bytes))
  }

  /// The place of a client in the group, or nil where it is no member.
  package func position(of member: Int) -> Int? {
    var low = 0
    var high = members.count
    while low < high {
      let middle = (low + high) / 2
      if members[middle] < member { low = middle + 1 } else { high = middle }
    }
    return low < members.count && members[low] == member ? low : nil
  }

  private static func check(_ members: [Int], _ parameters: SecureAggregationParameters) throws {
    for (left, right) in zip(members, members.dropFirst()) where left >= right {
      guard left != right else {
        throw ZorBAError(
          .refused, "member \(left) is in the group twice",
          at: .init(field: "group"),
          advice: "Every member counts once, or the group is smaller than it seems.")
      }
      throw ZorBAError(
        .invalidData, "member \(right) follows member \(left) in the group",
        at: .init(field: "group"), advice: "Name members in ascending order.")
    }
    guard members.count == parameters.members, members.first.map({ $0 >= 0 }) ?? false else {
      throw ZorBAError(
        .invalidData,
        "the parameters are for \(parameters.members) members and the group has \(members.count)",
        at: .init(field: "group"),
        advice: "Choose the parameters for the size of the group; client numbers are from 0.")
    }
  }
}
