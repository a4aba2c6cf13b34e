package import ZorBA
import ZorBAConsole
import ZorBAReport

extension RunResult {
  /// The tables that end a run on a terminal.
  package var text: String {
    var text = ""
    if before != nil || after != nil { text += quality.rendered() + "\n" }
    var costs = TextTable(header: ["cost", ""])
    costs.append("rounds", "\(rounds)")
    costs.append("bytes up, all sites", NumberFormat.bytes(bytesUp))
    costs.append("bytes down, all sites", NumberFormat.bytes(bytesDown))
    costs.append(
      "bytes per client and round (payload)", NumberFormat.fixed(bytesPerClientPerRound, 1))
    if let wire {
      costs.append(
        "bytes per client and round (on the wire)",
        "\(NumberFormat.fixed(wire.perClientPerRound, 1))  "
          + "(\(NumberFormat.fixed(wire.ratio, 2)) x the payload)")
    }
    costs.append("weights, sent once", NumberFormat.bytes(weightsBytes))
    costs.append("journal", "\(NumberFormat.bytes(journalBytes))  \(journalPath)")
    costs.append("peak memory", peakBytes > 0 ? NumberFormat.bytes(peakBytes) : "not told")
    // A coordinator predicts no memory and does no arithmetic; its sites do.
    if predictedPeakBytes > 0 {
      costs.append(
        "predicted",
        "\(NumberFormat.bytes(predictedPeakBytes))  (\(NumberFormat.percent(memoryError)))")
    }
    costs.append(
      "seconds",
      wire != nil
        ? NumberFormat.fixed(time.total, 1)
        : "\(NumberFormat.fixed(time.total, 1)) (forward \(NumberFormat.fixed(time.forward, 1)), "
          + "update \(NumberFormat.fixed(time.update, 1)), "
          + "evaluation \(NumberFormat.fixed(time.evaluation, 1)))")
    if let privacy {
      costs.append(
        "epsilon spent, at most",
        NumberFormat.fixed(privacy.epsilon, 4)
          + (privacy.configuration.map { "  (promised \($0.epsilon) at delta \($0.delta))" } ?? ""))
    }
    if let protection, protection.secureAggregation.isOn {
      costs.append(
        "secure aggregation",
        "on" + (protection.smallestGroup.map { ", the smallest sum over \($0) sites" } ?? ""))
    } else if let because = protection?.clearBecause {
      costs.append("secure aggregation", "off: \(because)")
    }
    costs.append("state digest", stateDigest)
    return text + costs.rendered()
  }

  private var quality: TextTable {
    let hasAnswers = (after ?? before)?.overall.accuracy != nil
    let comparesAlone = !alone.isEmpty
    var table = TextTable(
      header: hasAnswers
        ? ["site", "examples", "before"] + (comparesAlone ? ["alone"] : [])
          + ["federated", "macro-F1", "loss before", "loss after"]
        : ["site", "examples", "loss before", "loss after"])
    let sites = (after ?? before)?.perClient.map(\.name) ?? []
    for site in sites { table.rows.append(row(site, hasAnswers, comparesAlone)) }
    table.rows.append(row(nil, hasAnswers, comparesAlone))
    return table
  }

  private func row(_ site: String?, _ hasAnswers: Bool, _ comparesAlone: Bool) -> [String] {
    func figures(_ evaluation: Evaluation?) -> Evaluation.Figures? {
      guard let site else { return evaluation?.overall }
      return evaluation?.perClient.first { $0.name == site }?.figures
    }
    func loss(_ figures: Evaluation.Figures?) -> String {
      figures.map { NumberFormat.fixed($0.loss, 4) } ?? "–"
    }
    let first = figures(before)
    let last = figures(after)
    var cells = [site ?? "all", "\((last ?? first)?.examples ?? 0)"]
    if hasAnswers {
      cells.append(NumberFormat.percent(first?.accuracy))
      if comparesAlone { cells.append(NumberFormat.percent(aloneAccuracy(site))) }
      cells.append(NumberFormat.percent(last?.accuracy))
      cells.append(NumberFormat.percent(last?.macroF1))
    }
    return cells + [loss(first), loss(last)]
  }

  /// A site's own model on the site's rows; over all rows, the mean of the sites' models.
  private func aloneAccuracy(_ site: String?) -> Double? {
    guard let site else {
      let all = alone.compactMap(\.evaluation.overall.accuracy)
      return all.isEmpty ? nil : all.reduce(0, +) / Double(all.count)
    }
    return alone.first { $0.client == site }?.evaluation.perClient.first { $0.name == site }?
      .figures.accuracy
  }
}
