extension PlanReport {
  /// The most sites and blocks that are listed one by one.
  private static let listed = 128
  /// The most sites that get a bar.
  private static let drawn = 40

  /// The plan as one self-contained page: no script, no external reference, equal bytes for equal
  /// plans; every drawing is described in words.
  package func html() -> String {
    var header: [Markup] = [.tag("h1", text: title)]
    header.append(
      .tag("p", ["class": "lead"], text: convergenceSentences.joined(separator: " ")))
    let parts: [Markup?] = [
      .tag("header", [:], header), headline(), RunReport.section(of: notes), assignmentSection(),
      groupsSection(), siteSection(), convergenceSection(), frontSection(), stageSection(),
      sensitivitySection(),
      definitions("Limits", constraints), definitions("What was planned for", facts),
    ]
    return Page.html(title: title, content: parts.compactMap { $0 })
  }

  /// The front as a drawing of its own, with its style inside; nil when no sweep was made.
  package func frontSVG() -> String? {
    guard !front.isEmpty else { return nil }
    let style = StyleSheet.text + ".paper { fill: var(--paper); }\n"
    let drawing = frontChart.markup(extra: [
      .tag("style", text: style),
      .tag("rect", ["width": "100%", "height": "100%", "class": "paper"]),
    ])
    return drawing.rendered()
  }

  private func headline() -> Markup? {
    guard !sites.isEmpty else { return nil }
    var tiles = [
      RunReport.tile(
        NumberText.significant(convergence, digits: 4), "Gamma, lower is better",
        convergenceStage.map {
          $0.isProvenOptimal
            ? "best possible \(NumberText.significant($0.value, digits: 4))"
            : $0.lowerBound > 0
              ? "no plan is below \(NumberText.significant($0.lowerBound, digits: 4))" : ""
        } ?? ""),
      RunReport.tile(
        NumberText.fineBytes(memory), "memory of all sites",
        "largest \(NumberText.fineBytes(sites.map(\.memory).max() ?? 0))"),
      RunReport.tile(
        text(time: time), timeUnit == .seconds ? "slowest round" : "cost of the slowest round",
        deadline.map { "deadline \(text(time: $0))" } ?? "no deadline"),
    ]
    if let up = sites.compactMap(\.bytesUp).max() {
      let down = sites.compactMap(\.bytesDown).max()
      tiles.append(
        RunReport.tile(
          NumberText.bytes(up), "sent per site and round",
          down.map { "\(NumberText.bytes($0)) received" } ?? ""))
    }
    return .tag("div", ["class": "tiles"], tiles)
  }

  private func assignmentSection() -> Markup? {
    guard !share.isEmpty else { return nil }
    let map = HeatMap(
      identity: "assignment",
      title: isRotating
        ? "Share of the cycle in which a site trains a block, percent" : "Who trains which block",
      rows: sites.map(\.name), columnName: "block", shares: share,
      writesShares: isRotating || sites.count > 64 || blocks.count > 128)
    let rounds = window == 1 ? "every round" : "every \(window) rounds"
    let words =
      isRotating
      ? "Percent of a cycle of \(cycleLength) assignments, which change \(rounds), in which a site "
        + "perturbs and estimates a block."
      : "A filled cell: the site perturbs and estimates the block, in every round."
    return RunReport.section(
      "Who trains which blocks", [.tag("p", [:], text: words), RunReport.figure(map.markup())])
  }

  private func siteSection() -> Markup? {
    guard !sites.isEmpty else { return nil }
    func pressure(_ site: Site) -> Double {
      site.budget.isFinite && site.budget > 0 ? site.memory / site.budget : 0
    }
    var content: [Markup] = []
    var shown = sites
    if sites.count > Self.drawn {
      let order = sites.indices.sorted {
        (pressure(sites[$1]), $0) < (pressure(sites[$0]), $1)
      }
      shown = order.prefix(Self.drawn).map { sites[$0] }
      content.append(
        .tag(
          "p", [:],
          text: "The \(Self.drawn) of \(NumberText.grouped(sites.count)) sites whose budgets are "
            + "used most."))
    }
    let timeName = timeUnit == .seconds ? "time of a round" : "cost of a round"
    let chart = PlanSiteChart(
      identity: "sites", title: "Memory and time of every site", sites: shown, deadline: deadline,
      timeName: deadline == nil ? timeName : "\(timeName), and deadline",
      text: { self.text(time: $0) })
    let rows = shown.prefix(Self.listed).map { site in
      [
        site.name, NumberText.fixed(site.activeBlocks, digits: isRotating ? 1 : 0),
        NumberText.fineBytes(site.memory), text(budget: site.budget), text(time: site.time),
        site.bytesUp.map(NumberText.bytes) ?? "", site.bytesDown.map(NumberText.bytes) ?? "",
      ]
    }
    content += [
      RunReport.figure(chart.markup()),
      RunReport.table(
        ["site", "blocks a round", "memory", "budget", "time", "sent a round", "received"],
        Array(rows), numbersFrom: 1),
    ]
    return RunReport.section("What it takes from every site", content)
  }

  private func convergenceSection() -> Markup? {
    guard !blocks.isEmpty else { return nil }
    let chart = PlanBlockChart(
      identity: "objective", title: "Parts of Gamma by block, and the sites that train it",
      blocks: blocks, sites: sites.count)
    return RunReport.section(
      "What it does to convergence",
      [
        .tag(
          "p", [:],
          text: "Bias: what a block misses because its sites do not stand for all. Noise: what "
            + "random directions and minibatches add, times lambda. Their sum over blocks is Gamma."
        ),
        chart.legend(), RunReport.figure(chart.markup()),
      ])
  }

  private var frontChart: ParetoChart {
    ParetoChart(
      identity: "front", title: "What giving up convergence buys", points: front,
      timeName: timeUnit == .seconds ? "time of the slowest site" : "cost of the slowest site",
      text: { self.text(time: $0) })
  }

  private func frontSection() -> Markup? {
    guard !front.isEmpty else { return nil }
    let rows = front.map { point in
      [
        NumberText.significant(point.epsilon * 100) + " %",
        NumberText.significant(point.convergence, digits: 5), NumberText.fineBytes(point.memory),
        text(time: point.time), point.isProvenOptimal ? "proven" : "not proven",
      ]
    }
    let hasWhiskers = front.contains { ($0.memoryBound ?? $0.memory) < $0.memory }
    return RunReport.section(
      "What giving up convergence buys",
      [
        .tag(
          "p", [:],
          text:
            "Each point is a plan that may give up a share \u{3B5} of the best Gamma for memory "
            + "and time."
            + (hasWhiskers
              ? " A whisker ends at the least memory that any plan within that share can have."
              : "")
        ),
        RunReport.figure(frontChart.markup()),
        RunReport.table(
          ["\u{3B5}", "Gamma", "memory, all sites", "slowest site", ""], rows, numbersFrom: 0),
      ])
  }

  private func stageSection() -> Markup? {
    guard !stages.isEmpty else { return nil }
    let names: [Stage.Objective: String] = [
      .convergence: "Gamma", .memory: "memory of all sites", .time: "time of the slowest site",
    ]
    let rows = stages.enumerated().map { index, stage in
      [
        "\(index + 1). \(names[stage.objective] ?? stage.objective.rawValue)",
        verdict(of: stage), text(stage.value, of: stage.objective),
        bound(of: stage), gap(of: stage),
      ]
    }
    return RunReport.section(
      "How it was chosen",
      [
        .tag(
          "p", [:],
          text: "Each stage makes one quantity as small as it can, within the tolerances around "
            + "what earlier stages reached."),
        RunReport.table(
          ["as small as possible", "", "reached", "bound", "gap"], rows, numbersFrom: 2),
      ])
  }

  private func sensitivitySection() -> Markup? {
    guard !blocks.isEmpty else { return nil }
    let rows = blocks.prefix(Self.listed).enumerated().map { index, block in
      [
        "\(index)", NumberText.significant(block.parameters),
        NumberText.significant(block.gradientEnergy), NumberText.significant(block.clientSpread),
        NumberText.significant(block.sampleNoise), NumberText.significant(block.coverage),
        NumberText.significant(block.bias), NumberText.significant(block.variance),
      ]
    }
    var content = [
      RunReport.table(
        [
          "block", "parameters", "gradient energy G", "spread \u{3B6}\u{B2}",
          "minibatch noise \u{3C3}\u{B2}", "sites", "bias", "noise",
        ], Array(rows), numbersFrom: 0)
    ]
    if blocks.count > Self.listed {
      content.insert(
        .tag(
          "p", [:], text: "The first \(Self.listed) of \(NumberText.grouped(blocks.count)) blocks."),
        at: 0)
    }
    return RunReport.section("What was known of the blocks", content)
  }

  private func definitions(_ heading: String, _ facts: [RunReport.Fact]) -> Markup? {
    guard !facts.isEmpty else { return nil }
    return RunReport.section(heading, [RunReport.definitions(facts)])
  }
}
