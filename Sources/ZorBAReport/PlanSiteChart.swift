/// What a plan takes from every site: memory against its budget on the left, time on the right.
struct PlanSiteChart: Equatable, Sendable {
  /// Unique on the page.
  var identity: String
  var title: String
  var sites: [PlanReport.Site]
  var deadline: Double?
  var timeName: String
  /// Writes a time.
  var text: @Sendable (Double) -> String

  static func == (left: Self, right: Self) -> Bool {
    left.identity == right.identity && left.title == right.title && left.sites == right.sites
      && left.deadline == right.deadline && left.timeName == right.timeName
  }

  private static let rowHeight = 24.0
  private static let memory = (left: 118.0, width: 200.0, text: 326.0)
  private static let time = (left: 482.0, width: 160.0, text: 650.0)

  func markup() -> Markup {
    var frame = ChartFrame(left: Self.memory.left, right: 8, top: 26, bottom: 8)
    guard !sites.isEmpty else {
      return frame.drawing(
        identity: identity, title: title, description: "No values.",
        [frame.emptyRemark("no values")])
    }
    frame.height = frame.top + frame.bottom + Self.rowHeight * Double(sites.count)
    let largest = Self.largest(sites.flatMap { [$0.memory, $0.budget] })
    let slowest = Self.largest(sites.map(\.time) + (deadline.map { [$0] } ?? []))
    var content = [
      ChartFrame.label("memory at the peak, of the budget", Self.memory.left, 14, "start"),
      ChartFrame.label(timeName, Self.time.left, 14, "start"),
    ]
    for (index, site) in sites.enumerated() {
      let y = frame.top + Self.rowHeight * Double(index)
      content.append(
        .tag(
          "g", [:],
          [
            ChartFrame.label(
              ChartFrame.fitted(site.name, width: Self.memory.left - 14), Self.memory.left - 8,
              y + 16, "end")
          ] + memoryBar(of: site, y: y, largest: largest) + timeBar(of: site, y: y, slowest)))
    }
    if let deadline, deadline.isFinite {
      let x = Self.time.left + Self.share(deadline, of: slowest) * Self.time.width
      content.append(ChartFrame.line(x, frame.top, x, frame.height - frame.bottom, "tick"))
    }
    return frame.drawing(identity: identity, title: title, description: description(), content)
  }

  private func memoryBar(
    of site: PlanReport.Site, y: Double, largest: Double
  ) -> [Markup] {
    let width = Self.share(site.memory, of: largest) * Self.memory.width
    let words = Self.words(for: site)
    var parts: [Markup] = []
    if site.budget.isFinite {
      let budget = Self.share(site.budget, of: largest) * Self.memory.width
      parts.append(
        ChartFrame.rectangle(
          x: Self.memory.left, y: y + 5, width: budget, height: Self.rowHeight - 10,
          style: "c-before", opacity: 0.4, name: "\(site.name): budget \(words)"))
    }
    parts.append(
      ChartFrame.rectangle(
        x: Self.memory.left, y: y + 5, width: width, height: Self.rowHeight - 10,
        style: site.memory > site.budget ? "c-alone" : "c-federated",
        name: "\(site.name): \(words)"))
    parts.append(ChartFrame.label(words, Self.memory.text, y + 16, "start", style: "value"))
    return parts
  }

  private func timeBar(of site: PlanReport.Site, y: Double, _ slowest: Double) -> [Markup] {
    [
      ChartFrame.rectangle(
        x: Self.time.left, y: y + 5, width: Self.share(site.time, of: slowest) * Self.time.width,
        height: Self.rowHeight - 10,
        style: site.time > deadline ?? .infinity ? "c-alone" : "c-training",
        name: "\(site.name): \(text(site.time))"),
      ChartFrame.label(
        ChartFrame.fitted(text(site.time), width: 66), Self.time.text, y + 16, "start",
        style: "value"),
    ]
  }

  private static func words(for site: PlanReport.Site) -> String {
    site.budget == .infinity
      ? "\(NumberText.fineBytes(site.memory)), no limit"
      : "\(NumberText.fineBytes(site.memory)) of \(NumberText.fineBytes(site.budget))"
  }

  private static func largest(_ values: [Double]) -> Double {
    values.filter { $0.isFinite }.max() ?? 0
  }

  /// A share 0 to 1; what is not finite or the whole is nothing has none.
  private static func share(_ value: Double, of whole: Double) -> Double {
    guard value.isFinite, value > 0, whole > 0 else { return 0 }
    return min(value / whole, 1)
  }

  private func description() -> String {
    var sentences = sites.map { "\($0.name): \(Self.words(for: $0)), time \(text($0.time))." }
    if let deadline { sentences.append("Deadline: \(text(deadline)).") }
    return sentences.joined(separator: " ")
  }
}
