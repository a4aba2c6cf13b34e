import ZorBATestSupport

@testable import ZorBAReport

extension PlanReport {
  /// A plan for six hospitals and twelve blocks, as an instance leaves it.
  static let sample = made(
    names: ["university", "county north", "county south", "children", "cardiology", "rehab"],
    blocks: 12, cycle: 1, seed: 3)

  /// A rotating plan of a run, with times in seconds and a deadline.
  static let rotating: PlanReport = {
    var report = made(names: (0..<9).map { "site \($0)" }, blocks: 24, cycle: 8, seed: 5)
    report.timeUnit = .seconds
    report.deadline = 31
    report.window = 10
    return report
  }()

  /// More sites and blocks than can be shown one by one.
  static let large = made(
    names: (0..<230).map { "client \($0)" }, blocks: 150, cycle: 4, seed: 7)

  private static func made(
    names: [String], blocks count: Int, cycle: Int, seed: UInt64
  ) -> PlanReport {
    var generator = SeededGenerator(seed: seed)
    let share = names.indices.map { site in
      (0..<count).map { _ in
        let turns = (0..<cycle).count { _ in
          Int.random(in: 0..<10, using: &generator) < 3 + 5 * (site % 3) / 2
        }
        return Double(turns) / Double(cycle)
      }
    }
    let blocks = (0..<count).map { index in
      let depth = Double(index) / Double(count)
      let coverage = share.reduce(0) { $0 + $1[index] }
      return Block(
        parameters: 7_087_872, gradientEnergy: 0.5 + 3 * depth * depth, clientSpread: 0.2 + depth,
        sampleNoise: 4 + 20 * depth, coverage: coverage,
        bias: (0.3 + depth) / max(coverage, 1) * 0.4, variance: (1 + depth) / max(coverage, 1))
    }
    let sites = names.indices.map { site in
      let active = share[site].reduce(0, +)
      let memory = 268e6 + 28e6 * active
      return Site(
        name: names[site], activeBlocks: active, memory: memory,
        budget: site % 5 == 4 ? .infinity : memory * (1.02 + 0.1 * Double(site % 4)),
        time: 6 + 2 * active + Double(site % 3), bytesUp: 16, bytesDown: 192)
    }
    var report = PlanReport(
      title: "Who trains which blocks",
      facts: [
        .init("Sites", "\(names.count)"), .init("Blocks", "\(count)"),
        .init("Directions a step", "4"), .init("Seeding", "shared"),
      ],
      constraints: [
        .init("Sites that every block must have", "2"),
        .init("Order of stages", "convergence, memory, time"),
      ], sites: sites, blocks: blocks, share: share, cycleLength: cycle, timeUnit: .units)
    let best = report.convergence / 1.043
    report.stages = [
      .init(objective: .convergence, value: best, lowerBound: best, isProvenOptimal: true),
      .init(
        objective: .memory, value: report.memory, lowerBound: report.memory * 0.97,
        isProvenOptimal: false),
      .init(
        objective: .time, value: report.time, lowerBound: report.time, isProvenOptimal: true),
    ]
    report.front = [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5].map { epsilon in
      let step = min(epsilon, 0.2)
      let memory = report.memory * (1.12 - 0.5 * step.squareRoot())
      return FrontPoint(
        epsilon: epsilon, convergence: best * (1 + 0.93 * step), memory: memory,
        time: (report.time * (1.1 - step)).rounded(), memoryBound: memory * (1 - 0.4 * step),
        convergenceBound: best, isProvenOptimal: epsilon < 0.02)
    }
    report.notes = [.init(.remark, "A single site trains block 3 in some rounds.")]
    return report
  }
}
