import ArgumentParser
import ZorBA
import ZorBAConfiguration
import ZorBAConsole
import ZorBADiagnostics
import ZorBAJSON
import ZorBAPlanning
import ZorBAPresentation
import ZorBAReport

struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Choose who trains which blocks, with a bound on how good any choice can be.",
    subcommands: [PlanSolveCommand.self, PlanDiffCommand.self],
    defaultSubcommand: PlanSolveCommand.self)
}

struct PlanSolveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "solve",
    abstract: "Make a plan for a run file or a bare problem; what 'zorba plan' does by itself.",
    discussion: """
      For a run: 'zorba plan run.yaml'. For the bare optimisation problem: 'zorba plan --instance \
      problem.json'. The plan that --out leaves is what a run takes as blocks.plan.

      What if: client+=8GiB (another site with that budget), client-=NAME, budget:NAME=512MiB, \
      min_clients=2, deadline=30. Several changes are made together.
      """)

  @OptionGroup var common: CommonOptions

  @Argument(
    help: ArgumentHelp("The run's YAML file; not with --instance.", valueName: "run.yaml"))
  var runFile: String?

  @Option(help: ArgumentHelp("A problem without a model, as JSON.", valueName: "file"))
  var instance: String?

  @Option(help: "Override a key of the YAML file: key.path=value. May be repeated.")
  var set: [String] = []

  @Flag(help: "Also show what giving up convergence buys, for a sweep of tolerances.")
  var front = false

  @Option(
    help: ArgumentHelp("Tolerances of the sweep, 0.05 for 5 percent.", valueName: "a,b,…"))
  var epsilons: String?

  @Flag(help: "One assignment for all rounds.")
  var fixed = false

  @Option(help: ArgumentHelp("Rotate over so many assignments.", valueName: "n"))
  var rotate: Int?

  @Option(
    help: ArgumentHelp(
      "At least so many sites train the same blocks, as secure aggregation asks. A RUN.yaml that "
        + "has it on, or auto and lists its sites, asks for that by itself.", valueName: "n"))
  var groupsOf: Int?

  @Option(help: "How hard to search: quick, standard or thorough.")
  var effort = PlanEffort.standard

  @Option(help: "Seed of the search.")
  var seed: UInt64 = 1

  @Option(help: ArgumentHelp("Write the plan here, as JSON.", valueName: "plan.json"))
  var out: String?

  @Option(help: ArgumentHelp("Write the plan as a page.", valueName: "file"))
  var html: String?

  @Option(help: ArgumentHelp("Draw the front; implies --front.", valueName: "file"))
  var svg: String?

  @Option(help: ArgumentHelp("Plan again with a change. May be repeated.", valueName: "change"))
  var whatIf: [String] = []

  func validate() throws {
    guard (runFile == nil) != (instance == nil) else {
      throw ValidationError("Give either a RUN.yaml or --instance FILE.")
    }
    guard instance == nil || set.isEmpty else {
      throw ValidationError("--set overrides keys of a RUN.yaml; an instance has none.")
    }
    guard !fixed || rotate == nil else {
      throw ValidationError("--fixed and --rotate exclude each other.")
    }
    if let rotate, !(1...PlanningLimits.cycleLength).contains(rotate) {
      throw ValidationError("--rotate \(rotate): use 1 to \(PlanningLimits.cycleLength).")
    }
    if let groupsOf, !(2...FederationConfiguration.maximumSites).contains(groupsOf) {
      throw ValidationError(
        "--groups-of \(groupsOf): use 2 to \(FederationConfiguration.maximumSites).")
    }
    _ = try tolerances()
  }

  func run() throws {
    let run = try runFile.map { try RunFile.read(path: $0, overrides: set) }
    let groups = groupsOf.map { .required(of: $0) } ?? run.map(PlanGroups.init) ?? .none
    guard case .preferred(let size) = groups else { return try plan(run, groups) }
    do {
      try plan(run, groups)
    } catch let error as ZorBAError where error.code == .invalidConfiguration {
      common.say("No plan has groups: planning without.")
      try plan(run, .missing(of: size, because: error.message))
    }
  }

  /// Plans, writes and shows.
  private func plan(_ run: RunConfiguration?, _ groups: PlanGroups) throws {
    let changes = try whatIf.map(ProblemChange.init)
    var subject = try subject(run, groups)
    subject.groupSize = groups.size
    if fixed { subject.instance.problem.rotation = .fixed }
    if let rotate { subject.instance.problem.rotation.length = rotate }
    let altered = try changes.reduce(into: subject) { subject, change in
      subject.instance = try change.applied(to: subject.instance)
    }
    let search = PlanSearch(
      effort: effort.effort(seed: seed), epsilons: try tolerances(), say: common.say)
    var result = try search.solve(subject)
    if case .missing(let size, let because) = groups {
      result.missingGroups = .init(minimum: size, missingBecause: because)
    }
    let alternative = changes.isEmpty ? nil : try search.alternative(altered, changes: whatIf)
    try write(result)
    if common.json {
      Console.output(result.json(alternative: alternative).serialized + "\n")
    } else {
      Console.output(result.report.text())
      if let alternative { Console.output("\n" + alternative.text(beside: result)) }
    }
  }

  private func subject(_ run: RunConfiguration?, _ groups: PlanGroups) throws -> PlanSubject {
    guard var run else {
      return PlanSubject(instance: try InstanceFile.read(path: instance ?? ""))
    }
    // Under masks nobody tells what sites weigh, which the plan must do without too.
    if case .preferred = groups { run.secureAggregation.mode = .on }
    return try PlanSubject.problem(for: run, common: common)
  }

  private func write(_ result: PlanResult) throws {
    if let out {
      try RunFolder.write(result.file.text, to: out)
      common.say("Plan: \(out)")
    }
    if let html {
      try RunFolder.write(result.report.html(), to: html)
      common.say("Page: \(html)")
    }
    if let svg, let drawing = result.report.frontSVG() {
      try RunFolder.write(drawing, to: svg)
      common.say("Front: \(svg)")
    }
  }

  /// The tolerances of the sweep; nil without one.
  private func tolerances() throws -> [Double]? {
    guard let epsilons else {
      return front || svg != nil ? [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5] : nil
    }
    let values = epsilons.split(separator: ",", omittingEmptySubsequences: false).map { part in
      Double(part.filter { $0 != " " })
    }
    guard values.count <= 100, values.allSatisfy({ (0...1000).contains($0 ?? -1) }) else {
      throw ValidationError(
        "--epsilons \(epsilons): give up to 100 numbers from 0 to 1000, such as 0,0.01,0.05.")
    }
    return values.compactMap { $0 }
  }
}
