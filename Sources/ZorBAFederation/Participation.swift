/// Who takes part in a round.
public enum Participation {
  /// How many clients `draw` gives.
  package static func count(share: Double, clients: Int) -> Int {
    min(clients, max(1, Int((share * Double(clients)).rounded())))
  }

  /// Draws `max(1, round(share × clients))` clients, ascending; all of them when `share` is 1.
  public static func draw(
    share: Double, clients: Int, using generator: inout some RandomNumberGenerator
  ) -> [Int] {
    let wanted = count(share: share, clients: clients)
    if wanted == clients { return Array(0..<clients) }
    return ActivationMatrix.sample(wanted, from: clients, using: &generator)
  }
}
