import ZorBAJSON

extension RoundMetrics.Group {
  var json: JSONValue {
    [
      "clients": .array(clients.map { .string($0) }), "means": .array(means.map { .number($0) }),
      "weight": .number(weight), "loss": .number(loss), "counts": .bool(counts),
    ]
  }

  /// Nil unless it is a group's entry.
  init?(json: JSONValue) {
    guard let clients = json["clients"]?.array, let means = json["means"]?.array,
      let weight = json["weight"]?.double, let loss = json["loss"]?.double,
      let counts = json["counts"]?.bool
    else { return nil }
    self.init(
      clients: clients.compactMap(\.string), means: means.compactMap(\.double), weight: weight,
      loss: loss, counts: counts)
    guard self.clients.count == clients.count, self.means.count == means.count else { return nil }
  }
}
