import ZorBA
import ZorBAReport

extension RunResult {
  /// The tables that end a run on a terminal.
  var text: String {
    var text = ""
    if before != nil || after != nil { text += quality.rendered() + "\n" }
    var costs = TextTable(header: ["cost", ""])
    costs.append("rounds", "\(rounds)")
    costs.append("bytes up, all sites", Figures.bytes(bytesUp))
    costs.append("bytes down, all sites", Figures.bytes(bytesDown))
    costs.append(
      "bytes per client and round (payload)", Figures.fixed(bytesPerClientPerRound, 1))
    costs.append("weights, sent once", Figures.bytes(weightsBytes))
    costs.append("journal", "\(Figures.bytes(journalBytes))  \(journalPath)")
    costs.append("peak memory", Figures.bytes(peakBytes))
    costs.append("predicted", Figures.bytes(predictedPeakBytes))
    costs.append(
      "seconds",
      "\(Figures.fixed(time.total, 1)) (forward \(Figures.fixed(time.forward, 1)), "
        + "update \(Figures.fixed(time.update, 1)), evaluation \(Figures.fixed(time.evaluation, 1)))"
    )
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
      figures.map { Figures.fixed($0.loss, 4) } ?? "–"
    }
    let first = figures(before)
    let last = figures(after)
    var cells = [site ?? "all", "\((last ?? first)?.examples ?? 0)"]
    if hasAnswers {
      cells.append(Figures.percent(first?.accuracy))
      if comparesAlone { cells.append(Figures.percent(aloneAccuracy(site))) }
      cells.append(Figures.percent(last?.accuracy))
      cells.append(Figures.percent(last?.macroF1))
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
