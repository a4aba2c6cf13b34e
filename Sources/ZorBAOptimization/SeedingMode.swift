/// Whether the clients of a round explore the same directions.
public enum SeedingMode: String, Sendable, CaseIterable, Codable {
  /// All clients use the same directions: the commit carries one coefficient a block and direction.
  case shared
  /// Each client has directions of its own: the commit carries coefficients for every client.
  case perClient
}
