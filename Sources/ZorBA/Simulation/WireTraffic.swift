package import ZorBAJSON

/// What crossed the wire in the rounds of a networked run, framing and TLS records included.
public struct WireTraffic: Sendable, Equatable {
  /// Bytes from all sites.
  public var received: Int
  /// Bytes to all sites.
  public var sent: Int
  /// Sites and rounds: the sum of the sites that took part over all rounds.
  public var siteRounds: Int
  /// The least that the same rounds can carry: scalars up, coefficients down.
  public var payload: Int

  /// Creates a count.
  public init(received: Int, sent: Int, siteRounds: Int, payload: Int) {
    self.received = received
    self.sent = sent
    self.siteRounds = siteRounds
    self.payload = payload
  }

  /// Bytes both ways, per site and round.
  public var perClientPerRound: Double {
    siteRounds == 0 ? 0 : Double(received + sent) / Double(siteRounds)
  }

  /// How many times the payload that is.
  public var ratio: Double { payload == 0 ? 0 : Double(received + sent) / Double(payload) }

  package var json: JSONValue {
    [
      "received": .integer(received), "sent": .integer(sent),
      "per_client_per_round": .number(perClientPerRound), "payload_bytes": .integer(payload),
      "ratio": .number(ratio),
    ]
  }
}
