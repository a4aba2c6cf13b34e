package import ZorBA
import ZorBAConsole
import ZorBAReport

extension Evaluation {
  /// The evaluation as tables for a terminal.
  package var text: String {
    var table = TextTable(header: ["rows", "examples", "accuracy", "macro-F1", "loss"])
    for site in perClient { table.rows.append(Self.row(site.name, site.figures)) }
    for segment in perSegment?.rows ?? [] {
      let name = "segment \(segment.name.isEmpty ? "(none)" : segment.name)"
      table.rows.append(
        segment.figures.map { Self.row(name, $0) } ?? [name, "not told", "", "", ""])
    }
    table.rows.append(Self.row("all", overall))
    var text = table.rendered()
    if !perLabel.isEmpty {
      var labels = TextTable(header: ["label", "support", "precision", "recall", "F1"])
      for label in perLabel {
        labels.append(
          label.label, "\(label.support)", NumberFormat.percent(label.precision),
          NumberFormat.percent(label.recall), NumberFormat.percent(label.f1))
      }
      text += "\n" + labels.rendered()
    }
    return text + "\n\(Int(tokensPerSecond)) tokens/s\n"
  }

  private static func row(_ name: String, _ figures: Figures) -> [String] {
    [
      name, "\(figures.examples)", NumberFormat.percent(figures.accuracy),
      NumberFormat.percent(figures.macroF1), NumberFormat.fixed(figures.loss, 4),
    ]
  }
}
