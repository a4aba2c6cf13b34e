extension RunReport {
  /// The four or five numbers that a reader takes away, as tiles.
  func headlineSection() -> Markup? {
    var tiles: [Markup] = []
    if let change = meanAccuracyChange {
      tiles.append(
        RunReport.tile(
          NumberText.percent(change.after), "mean accuracy, federated",
          "\(NumberText.percent(change.before)) before"))
    }
    if let alone = meanAccuracyAlone {
      tiles.append(
        RunReport.tile(NumberText.percent(alone), "mean accuracy, alone", "each site by itself"))
    }
    if let traffic {
      tiles.append(
        RunReport.tile(
          NumberText.bytes(traffic.upPerClientRound), "sent per site and round",
          "\(NumberText.bytes(traffic.downPerClientRound)) received"))
    }
    if let memory {
      tiles.append(
        RunReport.tile(
          NumberText.bytes(memory.peak), "peak memory",
          memory.weights.map { "weights alone \(NumberText.bytes($0))" } ?? ""))
    }
    if let seconds {
      tiles.append(
        RunReport.tile(
          NumberText.seconds(seconds.forward + seconds.update + seconds.other), "time",
          trainingLoss.last.map { "\(NumberText.grouped($0.round)) rounds" } ?? ""))
    }
    if let tile = privacyTile() { tiles.append(tile) }
    return tiles.isEmpty ? nil : .tag("div", ["class": "tiles"], tiles)
  }

  /// Means over the sites that know both numbers; nil when none does.
  private var meanAccuracyChange: (before: Double, after: Double)? {
    let pairs = sites.compactMap { site -> (Double, Double)? in
      guard let before = site.before, let after = site.federated else { return nil }
      return (before.accuracy, after.accuracy)
    }
    guard !pairs.isEmpty else { return nil }
    let count = Double(pairs.count)
    return (pairs.reduce(0) { $0 + $1.0 } / count, pairs.reduce(0) { $0 + $1.1 } / count)
  }

  private var meanAccuracyAlone: Double? {
    let values = sites.compactMap { $0.alone?.accuracy }
    return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  /// A number, what it is, and a remark on it.
  static func tile(_ value: String, _ name: String, _ detail: String) -> Markup {
    .tag(
      "div", ["class": "tile"],
      [
        .tag("span", ["class": "tile-value"], text: value),
        .tag("span", ["class": "tile-name"], text: name),
        .tag("span", ["class": "tile-detail"], text: detail),
      ])
  }
}
