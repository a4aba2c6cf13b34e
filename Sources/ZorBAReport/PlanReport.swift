/// Everything that is said of a plan, as plain values: who trains which blocks, what that costs each
/// site, what it does to convergence, and how far from the best it can be.
///
/// Page (`html()`), drawing (`frontSVG()`) and terminal text (`text()`) are pure functions of it.
package struct PlanReport: Equatable, Sendable {
  /// The heading of the page.
  package var title: String
  /// What was planned for: sites, blocks, directions, and so on, in reading order.
  package var facts: [RunReport.Fact]
  /// What every plan had to respect.
  package var constraints: [RunReport.Fact]
  /// What every site trains and pays.
  package var sites: [Site]
  /// What is known of every block, and its part of the objective.
  package var blocks: [Block]
  /// The share of the cycle, 0 to 1, in which a site trains a block.  # [sites, blocks]
  package var share: [[Double]]
  /// Matrices in the cycle; 1 is a plan that never changes.
  package var cycleLength: Int
  /// Rounds each matrix stays in force.
  package var window: Int
  /// The stages in the order in which they were decided.
  package var stages: [Stage]
  /// Plans for other tolerances; empty when no sweep was asked for.
  package var front: [FrontPoint]
  /// What times are measured in.
  package var timeUnit: TimeUnit
  /// The longest that a round may take at any site.
  package var deadline: Double?
  /// Remarks and warnings, in order of importance.
  package var notes: [RunReport.Note]
  /// The groups that were asked for; nil where none were.
  package var groups: Groups?

  package init(
    title: String, facts: [RunReport.Fact] = [], constraints: [RunReport.Fact] = [],
    sites: [Site] = [], blocks: [Block] = [], share: [[Double]] = [], cycleLength: Int = 1,
    window: Int = 1, stages: [Stage] = [], front: [FrontPoint] = [], timeUnit: TimeUnit = .seconds,
    deadline: Double? = nil, notes: [RunReport.Note] = []
  ) {
    self.title = title
    self.facts = facts
    self.constraints = constraints
    self.sites = sites
    self.blocks = blocks
    self.share = share
    self.cycleLength = cycleLength
    self.window = window
    self.stages = stages
    self.front = front
    self.timeUnit = timeUnit
    self.deadline = deadline
    self.notes = notes
  }
}

extension PlanReport {
  /// What the times of a plan are measured in.
  package enum TimeUnit: Equatable, Sendable {
    case seconds
    /// Units of the costs that an instance states.
    case units
  }

  /// One site under the plan.
  package struct Site: Equatable, Sendable {
    package var name: String
    /// Blocks trained in a round, on average over the cycle.
    package var activeBlocks: Double
    /// Bytes at the peak of the most demanding round.
    package var memory: Double
    /// Bytes allowed; infinite without a limit.
    package var budget: Double
    /// Time of the slowest round.
    package var time: Double
    /// Bytes that the site sends in a round; nil when not known.
    package var bytesUp: Double?
    /// Bytes that the site receives in a round; nil when not known.
    package var bytesDown: Double?

    package init(
      name: String, activeBlocks: Double, memory: Double, budget: Double, time: Double,
      bytesUp: Double? = nil, bytesDown: Double? = nil
    ) {
      self.name = name
      self.activeBlocks = activeBlocks
      self.memory = memory
      self.budget = budget
      self.time = time
      self.bytesUp = bytesUp
      self.bytesDown = bytesDown
    }
  }

  /// One block: what the planner knew of it, and what the plan makes of it.
  package struct Block: Equatable, Sendable {
    package var parameters: Double
    /// G, the energy of the federation's gradient.
    package var gradientEnergy: Double
    /// zeta^2, how far sites disagree.
    package var clientSpread: Double
    /// sigma^2, the noise of a minibatch, on average over sites.
    package var sampleNoise: Double
    /// Sites that train it in a round, on average over the cycle.
    package var coverage: Double
    /// Its part of the objective: squared bias.
    package var bias: Double
    /// Its part of the objective: lambda times the variance.
    package var variance: Double

    package init(
      parameters: Double, gradientEnergy: Double, clientSpread: Double, sampleNoise: Double,
      coverage: Double, bias: Double, variance: Double
    ) {
      self.parameters = parameters
      self.gradientEnergy = gradientEnergy
      self.clientSpread = clientSpread
      self.sampleNoise = sampleNoise
      self.coverage = coverage
      self.bias = bias
      self.variance = variance
    }
  }

  /// What one stage of the choice reached.
  package struct Stage: Equatable, Sendable {
    /// What a stage makes as small as it can.
    package enum Objective: String, Equatable, Sendable {
      case convergence
      case memory
      case time
    }

    package var objective: Objective
    package var value: Double
    /// No plan within the limits of the earlier stages is below this.
    package var lowerBound: Double
    /// Whether that was proven to be the best.
    package var isProvenOptimal: Bool

    package init(
      objective: Objective, value: Double, lowerBound: Double, isProvenOptimal: Bool
    ) {
      self.objective = objective
      self.value = value
      self.lowerBound = lowerBound
      self.isProvenOptimal = isProvenOptimal
    }

    /// The share by which the value may exceed the best.
    package var gap: Double { value == 0 ? 0 : max(0, (value - lowerBound) / value) }
  }

  /// The plan for one tolerance.
  package struct FrontPoint: Equatable, Sendable {
    /// The share of the best convergence that may be given up.
    package var epsilon: Double
    /// Gamma of the plan.
    package var convergence: Double
    /// Bytes over all sites.
    package var memory: Double
    /// Time of the slowest site.
    package var time: Double
    /// No plan within this tolerance takes fewer bytes; nil when not known.
    package var memoryBound: Double?
    /// No plan at all has a smaller Gamma; nil when not known.
    package var convergenceBound: Double?
    /// Whether every stage was solved to the end.
    package var isProvenOptimal: Bool

    package init(
      epsilon: Double, convergence: Double, memory: Double, time: Double,
      memoryBound: Double? = nil, convergenceBound: Double? = nil, isProvenOptimal: Bool
    ) {
      self.epsilon = epsilon
      self.convergence = convergence
      self.memory = memory
      self.time = time
      self.memoryBound = memoryBound
      self.convergenceBound = convergenceBound
      self.isProvenOptimal = isProvenOptimal
    }
  }
}

// MARK: - What follows from the values

extension PlanReport {
  /// Squared bias of all blocks.
  package var bias: Double { blocks.reduce(0) { $0 + $1.bias } }
  /// lambda times the variance of all blocks.
  package var variance: Double { blocks.reduce(0) { $0 + $1.variance } }
  /// Gamma of the plan.
  package var convergence: Double { bias + variance }
  /// Bytes over all sites.
  package var memory: Double { sites.reduce(0) { $0 + $1.memory } }
  /// Time of the slowest site.
  package var time: Double { sites.map(\.time).max() ?? 0 }
  /// Whether the assignment changes from round to round.
  package var isRotating: Bool { cycleLength > 1 }
  /// The stage that made Gamma as small as it can be at any cost; nil unless it came first, since
  /// what a later stage proves holds only within the limits of those before it.
  var convergenceStage: Stage? {
    stages.first.flatMap { $0.objective == .convergence ? $0 : nil }
  }

  /// A time in the report's unit.
  func text(time: Double) -> String {
    timeUnit == .seconds ? NumberText.seconds(time) : NumberText.significant(time, digits: 4)
  }

  func text(budget: Double) -> String {
    budget == .infinity ? "no limit" : NumberText.fineBytes(budget)
  }

  /// The value of a stage as people read it.
  func text(_ value: Double, of objective: Stage.Objective) -> String {
    switch objective {
    case .convergence: NumberText.significant(value, digits: 5)
    case .memory: NumberText.fineBytes(value)
    case .time: text(time: value)
    }
  }

  /// The bound of a stage; a dash where there is no useful one.
  func bound(of stage: Stage) -> String {
    stage.isProvenOptimal || stage.lowerBound > 0
      ? text(stage.lowerBound, of: stage.objective) : "\u{2013}"
  }

  /// The gap of a stage; a dash where there is no useful bound.
  func gap(of stage: Stage) -> String {
    stage.isProvenOptimal || stage.lowerBound > 0
      ? NumberText.percent(stage.gap, digits: 2) : "\u{2013}"
  }

  /// How good a stage's result is, in words.
  func verdict(of stage: Stage) -> String {
    if stage.isProvenOptimal { return "proven: no plan is better" }
    return stage.lowerBound > 0
      ? "at most \(NumberText.percent(stage.gap)) above the best there can be"
      : "not proven; no useful bound"
  }

  /// What the plan promises for convergence, as sentences.
  var convergenceSentences: [String] {
    var sentences = [
      "Gamma, the size of the error that the plan lets into an update, is "
        + "\(NumberText.significant(convergence, digits: 5)); lower is better.",
      "\(NumberText.significant(bias, digits: 4)) of it is bias: "
        + (isRotating
          ? "sites that train a block more often than their share of the data have more say in it."
          : "a block learns only from the data of the sites that train it."),
      "\(NumberText.significant(variance, digits: 4)) is noise: random directions and minibatches, "
        + "times lambda.",
    ]
    guard let stage = convergenceStage else { return sentences }
    let best = NumberText.significant(stage.value, digits: 5)
    sentences.append(
      stage.isProvenOptimal
        ? "No plan within the limits can be below \(best): that is proven."
        : "The best found is \(best), \(verdict(of: stage)).")
    if stage.value > 0, convergence > stage.value * (1 + 1e-9) {
      sentences.append(
        "This plan gives up \(NumberText.percent(convergence / stage.value - 1, digits: 2)) of "
          + "that for memory and time.")
    }
    return sentences
  }
}
