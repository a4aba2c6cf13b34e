/// What the coordinator learns: one sum, and whose vectors are in it.
package struct SecureAggregationResult: Sendable, Hashable {
  /// The client numbers whose vectors were added, ascending.
  package var survivors: [Int]
  /// The sum of their vectors in Z_2^64.
  package var sum: [UInt64]
}

/// Bytes for one member.
package struct SecureAggregationMessage: Sendable, Hashable {
  /// The client number of the member it goes to.
  package var member: Int
  /// What to send, as it is.
  package var payload: [UInt8]
}

/// Why a member was left out.
package struct MemberFault: Sendable {
  /// The client number of the member.
  package var member: Int
  /// What it did.
  package var error: any Error
}
