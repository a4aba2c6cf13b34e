extension RunReport {
  /// Who trained which block how often, and the active share over time.
  func blocksSection() -> Markup? {
    guard let blocks, !blocks.participants.isEmpty, blocks.share.contains(where: { !$0.isEmpty })
    else { return nil }
    let map = HeatMap(
      identity: "blocks", title: "Share of rounds in which a participant trained a block, percent",
      rows: blocks.participants, columnName: "block", shares: blocks.share)
    var content: [Markup] = [
      .tag(
        "p", [:],
        text: "Percent of the rounds in which each participant perturbed and estimated a block."),
      RunReport.figure(map.markup()),
    ]
    if blocks.activeByRound.count > 1 {
      let chart = LineChart(
        identity: "active", title: "Active share of participant-block pairs by round",
        series: [
          .init(
            name: "active share, percent", style: "c-training",
            points: blocks.activeByRound.map { .init(round: $0.round, value: $0.value * 100) },
            marksPoints: false)
        ], includesZero: true, frame: ChartFrame(height: 190))
      content += [chart.legend(), RunReport.figure(chart.markup())]
    }
    return RunReport.section("Block activation", content)
  }

  /// Bytes per site and round, in total, and what one transfer of the weights would have cost.
  func trafficSection() -> Markup? {
    guard let traffic else { return nil }
    var bars: [LogBarChart.Bar] = [
      .init(name: "sent per site and round", style: "c-federated", value: traffic.upPerClientRound),
      .init(
        name: "received per site and round", style: "c-federated",
        value: traffic.downPerClientRound),
      .init(name: "sent, whole run, all sites", style: "c-training", value: traffic.upTotal),
      .init(name: "received, whole run, all sites", style: "c-training", value: traffic.downTotal),
    ]
    var content: [Markup] = []
    if let weights = traffic.weightsOnce {
      bars.append(
        .init(name: "weights, once, to one site", style: "c-before", value: weights))
      let perRound = traffic.upPerClientRound + traffic.downPerClientRound
      if perRound > 0, weights > 0, (weights / perRound).isFinite {
        content.append(
          .tag(
            "p", [:],
            text: "Sending the trained weights once to one site takes the bytes of "
              + "\(NumberText.significant(weights / perRound)) rounds of that site."))
      }
    }
    let chart = LogBarChart(
      identity: "traffic", title: "Bytes on the wire, logarithmic axis", bars: bars,
      unit: "bytes", text: NumberText.bytes)
    content.append(RunReport.figure(chart.markup()))
    return RunReport.section("Bytes on the wire", content)
  }

  /// ` (+3.1 %)`: how far a prediction lies from what was measured; empty when that has no sense.
  private static func deviation(_ predicted: Double, from measured: Double) -> String {
    guard measured > 0, predicted.isFinite, measured.isFinite else { return "" }
    let off = (predicted - measured) / measured
    return " (\(off > 0 ? "+" : "")\(NumberText.percent(off)))"
  }

  /// Memory and seconds of a round against their predictions, and where the seconds went.
  func resourcesSection() -> Markup? {
    var content: [Markup] = []
    if let memory {
      var rows = [["peak, measured", NumberText.bytes(memory.peak)]]
      if let predicted = memory.predicted {
        let text = NumberText.bytes(predicted) + Self.deviation(predicted, from: memory.peak)
        rows.append(["peak, predicted by the plan", text])
      }
      if let weights = memory.weights { rows.append(["weights", NumberText.bytes(weights)]) }
      content.append(RunReport.table(["memory of a participant", "bytes"], rows, numbersFrom: 1))
    }
    if let rounds = roundSeconds {
      let predicted =
        NumberText.seconds(rounds.predicted)
        + Self.deviation(rounds.predicted, from: rounds.measured)
      let rows = [
        ["median, measured", NumberText.seconds(rounds.measured)],
        ["median, predicted from \(rounds.basis)", predicted],
      ]
      content.append(RunReport.table(["seconds of a round", "time"], rows, numbersFrom: 1))
    }
    if let seconds {
      let bar = SplitBar(
        identity: "seconds", title: "Seconds by kind of work",
        parts: [
          .init(name: "forward passes", style: "c-federated", value: seconds.forward),
          .init(name: "updates", style: "c-alone", value: seconds.update),
          .init(name: "other", style: "c-other", value: seconds.other),
        ], text: NumberText.seconds)
      content += [.tag("div", ["class": "spaced"], [bar.legend(), bar.markup()])]
    }
    return RunReport.section("Memory and time", content)
  }
}
