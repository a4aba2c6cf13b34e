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
  /// The same site by site, as far as the coordinator's process measured it; empty when it did not.
  public var sites: [Site] = []

  /// What crossed the wire to and from one site, from the question of the first round that was
  /// measured to the end of the last one: its answers, its updates, and all commits.
  public struct Site: Sendable, Equatable {
    /// The site's name.
    public var name: String
    /// Bytes from it.
    public var received: Int
    /// Bytes to it.
    public var sent: Int
    /// Rounds that were measured.
    public var rounds: Int

    /// Creates a count.
    public init(name: String, received: Int, sent: Int, rounds: Int) {
      self.name = name
      self.received = received
      self.sent = sent
      self.rounds = rounds
    }

    package var json: JSONValue {
      func perRound(_ bytes: Int) -> JSONValue {
        .number(rounds == 0 ? 0 : Double(bytes) / Double(rounds))
      }
      return [
        "name": .string(name), "received": .integer(received), "sent": .integer(sent),
        "rounds": .integer(rounds), "received_per_round": perRound(received),
        "sent_per_round": perRound(sent),
      ]
    }
  }

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
      "ratio": .number(ratio), "sites": .array(sites.map(\.json)),
    ]
  }
}
