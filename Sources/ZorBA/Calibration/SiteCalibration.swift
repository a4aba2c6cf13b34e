package import ZorBADiagnostics
package import ZorBAModels
package import ZorBAPlanning
package import ZorBATensor

/// What a machine was measured to need for the steps of a model: the contents of a calibration file.
///
/// Costs of other minibatches, directions and local steps follow from it (`siteCosts`): seconds scale
/// with operations and parameters, activations with tokens times branches.
package struct SiteCalibration: Sendable, Equatable {
  /// Where it was measured.
  package struct Machine: Sendable, Equatable {
    /// The processor's name, as the system gives it.
    package var processor: String
    /// The kernels that ran.
    package var instructionSet: String
    /// Processors that this process may use.
    package var processors: Int
    /// Threads of arithmetic.
    package var threads: Int
    /// Bytes of memory of the machine, or of the group that the process is confined to.
    package var memoryBytes: Int

    package init(
      processor: String, instructionSet: String, processors: Int, threads: Int, memoryBytes: Int
    ) {
      self.processor = processor
      self.instructionSet = instructionSet
      self.processors = processors
      self.threads = threads
      self.memoryBytes = memoryBytes
    }
  }

  /// What was trained, as far as costs depend on it.
  package struct Subject: Sendable, Equatable {
    /// The folder's name, for people.
    package var name: String
    /// The model family, e.g. `opt`.
    package var family: String
    /// How weights were stored.
    package var dtype: DType
    /// Parameters outside the transformer blocks, then of every block. [1 + blocks]
    package var parameters: [Int]

    package init(name: String, family: String, dtype: DType, parameters: [Int]) {
      self.name = name
      self.family = family
      self.dtype = dtype
      self.parameters = parameters
    }

    /// Transformer blocks.
    package var blockCount: Int { parameters.count - 1 }
  }

  /// The step that was measured.
  package struct Settings: Sendable, Equatable {
    /// Sequences of a minibatch.
    package var batch: Int
    /// Tokens of a sequence.
    package var sequence: Int
    /// P.
    package var directions: Int
    package var perturbation: PerturbationDistribution
    /// Whether what lies outside the transformer blocks was trained too.
    package var outer: Bool

    package init(
      batch: Int, sequence: Int, directions: Int, perturbation: PerturbationDistribution,
      outer: Bool
    ) {
      self.batch = batch
      self.sequence = sequence
      self.directions = directions
      self.perturbation = perturbation
      self.outer = outer
    }

    /// Tokens of a minibatch.
    package var tokens: Int { batch * sequence }
  }

  package var machine: Machine
  package var subject: Subject
  package var settings: Settings
  /// The work of the step that was measured.
  package var work: StepWork
  package var time: TimeModel
  package var memory: MemoryModel
  /// On steps that the rates were not fitted to; nil when there were none.
  package var timeError: FitError?
  /// On rows that the scratch was not fitted to; nil when there were none.
  package var memoryError: FitError?

  package init(
    machine: Machine, subject: Subject, settings: Settings, work: StepWork, time: TimeModel,
    memory: MemoryModel, timeError: FitError?, memoryError: FitError?
  ) {
    self.machine = machine
    self.subject = subject
    self.settings = settings
    self.work = work
    self.time = time
    self.memory = memory
    self.timeError = timeError
    self.memoryError = memoryError
  }
}

// MARK: - Costs

extension SiteCalibration {
  /// The minibatch of a run, where it differs from the calibration's.
  package struct Load: Sendable, Equatable {
    package var work: StepWork
    /// Activations of the most demanding minibatch.
    package var activationBytes: Int

    package init(work: StepWork, activationBytes: Int) {
      self.work = work
      self.activationBytes = activationBytes
    }
  }

  /// The calibration's minibatch, scaled to other tokens and directions.
  ///
  /// Operations go with tokens, activations with tokens times branches. That is exact for linear
  /// layers and the head, and takes sequences to be about as long as those that were measured.
  package func load(tokens: Double, directions: Int) -> Load {
    let share = tokens / Double(settings.tokens)
    var work = work
    work.entryOperations *= share
    work.headOperations *= share
    work.blockOperations = work.blockOperations.map { $0 * share }
    let branches = Double(directions) / Double(settings.directions)
    let bytes = Double(memory.activationBytes) * share * branches
    return Load(work: work, activationBytes: Int(min(bytes, 0x1p52)))
  }

  /// What a site that computes like the calibrated one pays for a round.
  ///
  /// - Parameters:
  ///   - round: Directions, local steps and what is updated.
  ///   - load: The site's minibatch; nil is the calibration's, for the round's directions.
  ///   - isStreamed: Whether inactive blocks are streamed, as under a memory budget.
  package func siteCosts(
    _ round: SiteCosts.Round, load: Load? = nil, isStreamed: Bool = true
  ) -> SiteCosts {
    let load =
      load ?? self.load(tokens: Double(settings.tokens), directions: round.directions)
    var memory = memory
    memory.activationBytes = load.activationBytes
    memory.isStreamed = isStreamed
    memory.hasSnapshot = round.localSteps > 1
    let bytes = memory.linear(outer: round.outer)
    return SiteCosts(
      fixedBytes: bytes.fixed, residentBytes: bytes.resident, time: time, work: load.work,
      round: round)
  }

  /// Checks that the calibration is of a model with these blocks.
  ///
  /// - Parameter location: Where the calibration came from.
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming what differs.
  package func requireFit(
    _ model: Model, at location: ZorBAError.Location = .init(field: "calibration")
  ) throws {
    let found = model.parameters.blocks.indices.map { model.parameters.elementCount(block: $0) }
    let family = model.configuration.family.rawValue
    guard family == subject.family, found == subject.parameters else {
      throw ZorBAError(
        .invalidConfiguration,
        "it is of '\(subject.name.excerpt())', \(subject.family) with \(subject.blockCount) blocks; "
          + "the model is \(family) with \(found.count - 1) blocks of other sizes",
        at: location,
        advice: "Calibrate this model: zorba doctor --model DIR --calibrate --out FILE.")
    }
  }

  /// What makes the seconds of a run differ from the calibration's, in words; empty when nothing does.
  package func differences(
    instructionSet: InstructionSet, threads: Int, dtype: DType,
    perturbation: PerturbationDistribution
  ) -> [String] {
    var found: [String] = []
    if machine.instructionSet != instructionSet.rawValue {
      found.append("instruction set \(machine.instructionSet), here \(instructionSet.rawValue)")
    }
    if machine.threads != threads { found.append("\(machine.threads) threads, here \(threads)") }
    if subject.dtype != dtype {
      found.append("weights as \(subject.dtype.rawValue), here \(dtype.rawValue)")
    }
    if settings.perturbation != perturbation {
      found.append(
        "\(settings.perturbation.rawValue) perturbations, here \(perturbation.rawValue)")
    }
    return found
  }
}
