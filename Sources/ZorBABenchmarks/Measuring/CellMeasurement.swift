import ZorBA

/// What a cell showed: its one run, or those of its isolated sites taken together.
package struct CellMeasurement: Sendable, Equatable {
  /// Mean over sites; nil for language modelling.
  package var accuracyBefore: Double?
  package var accuracy: Double?
  package var macroF1: Double?
  package var loss: Double
  /// What each site gets.
  package var sites: [Site]
  package var rounds: Int
  /// Bytes on the wire; nil where nothing crosses one.
  package var traffic: Traffic?
  /// The most that a run had resident, as it counted itself.
  package var peakBytes: Int
  /// What the run predicted of that.
  package var predictedBytes: Int
  package var trainedParameters: Int
  /// Over all sites.
  package var forwardPasses: Int
  /// Seconds of training over all sites, without evaluations.
  package var seconds: Double
  package var curve: [CurvePoint]
  /// Over all sites; the peak is the largest.
  package var usage: ProcessUsage
  /// Runs that went on at the same time.
  package var jobs: Int
  package var warnings: [String]

  /// What a site gets from a method.
  package struct Site: Sendable, Equatable {
    package var name: String
    /// The accuracy of its model on all evaluation rows.
    package var accuracy: Double?
    /// The accuracy of its model on its own evaluation rows, where rows say whose they are.
    package var own: Double?

    package init(name: String, accuracy: Double?, own: Double?) {
      self.name = name
      self.accuracy = accuracy
      self.own = own
    }

    /// What the site cares for: its own rows, where they are known.
    package var figure: Double? { own ?? accuracy }
  }

  package struct Traffic: Sendable, Equatable {
    package var up: Int
    package var down: Int
    package var perClientRound: Double
    /// As the method's authors describe it; nil where that is what was sent.
    package var publishedPerClientRound: Double?

    package init(up: Int, down: Int, perClientRound: Double, publishedPerClientRound: Double?) {
      self.up = up
      self.down = down
      self.perClientRound = perClientRound
      self.publishedPerClientRound = publishedPerClientRound
    }
  }

  /// The site that gets least; nil without accuracies.
  package var worstSite: Site? {
    sites.filter { $0.figure != nil }.min { ($0.figure ?? 0) < ($1.figure ?? 0) }
  }
  /// The mean over sites of the accuracy on their own rows; nil unless every site has some.
  package var ownAccuracy: Double? {
    let own = sites.compactMap(\.own)
    return own.isEmpty || own.count != sites.count ? nil : own.reduce(0, +) / Double(own.count)
  }
}

extension CellMeasurement {
  /// Puts the runs of a cell together.
  ///
  /// - Parameter parts: At least one: in regime `isolated` one a site, in order.
  package init(
    _ parts: [PartMeasurement], regime: Regime, published: MethodPreset.PublishedTraffic?, jobs: Int
  ) {
    precondition(!parts.isEmpty)
    func mean(_ value: (PartMeasurement) -> Double?) -> Double? {
      let values = parts.compactMap(value)
      return values.count == parts.count ? values.reduce(0, +) / Double(values.count) : nil
    }
    let first = parts[0]
    accuracyBefore = mean { $0.before?.accuracy }
    accuracy = mean { $0.after.accuracy }
    macroF1 = mean { $0.after.macroF1 }
    loss = mean { $0.after.loss } ?? .nan
    switch regime {
    case .isolated:
      sites = parts.map { part in
        let name = part.clients.first ?? "?"
        return Site(
          name: name, accuracy: part.after.accuracy,
          own: part.accuracyBySite.first { $0.site == name }?.accuracy)
      }
    case .federated:
      sites = first.clients.map { name in
        Site(
          name: name, accuracy: first.after.accuracy,
          own: first.accuracyBySite.first { $0.site == name }?.accuracy)
      }
    case .centralised:
      sites =
        first.accuracyBySite.isEmpty
        ? [Site(name: "all", accuracy: first.after.accuracy, own: nil)]
        : first.accuracyBySite.map {
          Site(name: $0.site, accuracy: first.after.accuracy, own: $0.accuracy)
        }
    }
    rounds = parts.map(\.rounds).max() ?? 0
    traffic =
      regime == .federated
      ? Traffic(
        up: first.bytesUp, down: first.bytesDown, perClientRound: first.bytesPerClientRound,
        publishedPerClientRound: published.map {
          $0.bytesPerClientRound(
            parameters: first.trainedParameters, clients: first.clients.count)
        }) : nil
    peakBytes = parts.map(\.peakBytes).max() ?? 0
    predictedBytes = parts.map(\.predictedBytes).max() ?? 0
    trainedParameters = parts.map(\.trainedParameters).max() ?? 0
    forwardPasses = parts.reduce(0) { $0 + $1.forwardPasses }
    seconds = parts.reduce(0) { $0 + $1.seconds }
    curve = Self.curve(of: parts)
    let joules = parts.compactMap(\.usage.joules)
    usage = ProcessUsage(
      wallSeconds: parts.reduce(0) { $0 + $1.usage.wallSeconds },
      cpuSeconds: parts.reduce(0) { $0 + $1.usage.cpuSeconds },
      peakBytes: parts.map(\.usage.peakBytes).max() ?? 0,
      joules: joules.count == parts.count ? joules.reduce(0, +) : nil)
    self.jobs = jobs
    warnings = parts.flatMap(\.warnings)
  }

  /// The mean of the sites' figures at the rounds that all of them evaluated, and the seconds that all
  /// of them took until then.
  private static func curve(of parts: [PartMeasurement]) -> [CurvePoint] {
    guard parts.count > 1 else { return parts.first?.curve ?? [] }
    return (parts.first?.curve ?? []).compactMap { point in
      let points = parts.compactMap { part in part.curve.first { $0.round == point.round } }
      guard points.count == parts.count else { return nil }
      let accuracies = points.compactMap(\.accuracy)
      let count = Double(points.count)
      return CurvePoint(
        round: point.round, seconds: points.reduce(0) { $0 + $1.seconds },
        accuracy: accuracies.count == points.count ? accuracies.reduce(0, +) / count : nil,
        loss: points.reduce(0) { $0 + $1.loss } / count)
    }
  }
}
