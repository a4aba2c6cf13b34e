package import ZorBA

/// What a run is, as far as a policy judges it. Everything comes from the journal's header and the
/// certificate of the coordinator, nothing from a message that could say otherwise later.
package struct RunFacts: Sendable, Equatable {
  package var name: String
  package var federation: String
  /// SHA-256 of the payload of the journal's header, in hexadecimal.
  package var specification: String
  /// The base model's state digest, in hexadecimal.
  package var base: String
  package var task: TaskConfiguration.Kind
  /// Nil when the run leaves the template to the task.
  package var template: String?
  /// Columns of the rows that the run names, to be trained on.
  package var columns: [String]
  /// The blocks that this site may be asked for in any round; nil when only rounds tell.
  package var blocks: Set<Int>?
  /// The most blocks that this site may be asked for in one round; nil when only rounds tell.
  package var blocksAtOnce: Int?
  package var localSteps: Int
  package var directions: Int
  /// Rows that a step draws, or expects to draw; a site with fewer draws all of its own.
  package var batch: Int
  package var rounds: Int
  /// Sites whose answers are combined in a round at most; nil is unknown and counts as this site
  /// alone.
  package var cohort: Int?
  /// Bytes of the largest dense update that a round may ask for; nil for runs that ask for scalars.
  package var updateBytes: Int?
  /// The fewest sites of which the run lets the coordinator learn a sum; nil where it learns every
  /// answer.
  package var secureGroup: Int?
  /// What the run promises about rows; nil promises nothing.
  package var privacy: Privacy?

  /// A promise of differential privacy.
  package struct Privacy: Sendable, Equatable {
    package var epsilon: Double
    package var delta: Double

    package init(epsilon: Double, delta: Double) {
      self.epsilon = epsilon
      self.delta = delta
    }
  }

  package init(
    name: String, federation: String, specification: String, base: String,
    task: TaskConfiguration.Kind, template: String?, columns: [String], blocks: Set<Int>?,
    blocksAtOnce: Int?, localSteps: Int, directions: Int, batch: Int, rounds: Int, cohort: Int?,
    updateBytes: Int? = nil,
    secureGroup: Int? = nil, privacy: Privacy? = nil
  ) {
    self.name = name
    self.federation = federation
    self.specification = specification
    self.base = base
    self.task = task
    self.template = template
    self.columns = columns
    self.blocks = blocks
    self.blocksAtOnce = blocksAtOnce
    self.localSteps = localSteps
    self.directions = directions
    self.batch = batch
    self.rounds = rounds
    self.cohort = cohort
    self.updateBytes = updateBytes
    self.secureGroup = secureGroup
    self.privacy = privacy
  }
}

/// What is asked in one round.
package struct RoundFacts: Sendable, Equatable {
  package var round: Int
  /// The blocks asked for.
  package var blocks: Set<Int>
  /// Sites asked in this round, this one among them; nil is unknown and counts as this site alone.
  /// Under secure aggregation those of them that train the same blocks, which is among how many the
  /// sum hides the answer.
  package var cohort: Int?
  /// The size of the message that would leave; 0 before it exists.
  package var payloadBytes: Int
  /// The size of the dense update that would leave, also before it exists; 0 in rounds of scalars.
  package var updateBytes: Int
  package var now: UTCInstant

  package init(
    round: Int, blocks: Set<Int>, cohort: Int?, payloadBytes: Int = 0, updateBytes: Int = 0,
    now: UTCInstant
  ) {
    self.round = round
    self.blocks = blocks
    self.cohort = cohort
    self.payloadBytes = payloadBytes
    self.updateBytes = updateBytes
    self.now = now
  }
}

/// What is asked in an evaluation.
package struct EvaluationFacts: Sendable, Equatable {
  package var round: Int
  /// Rows that the metrics would be of.
  package var examples: Int
  /// The size of the message that would leave; 0 before it exists.
  package var payloadBytes: Int
  package var now: UTCInstant

  package init(round: Int, examples: Int, payloadBytes: Int = 0, now: UTCInstant) {
    self.round = round
    self.examples = examples
    self.payloadBytes = payloadBytes
    self.now = now
  }
}

/// What a site has already given away, as the ledger knows it.
package struct SiteUsage: Sendable, Equatable {
  /// Answers to rounds of all runs, ever.
  package var rounds = 0
  /// Answers to rounds of all runs on `day`.
  package var roundsToday = 0
  /// Bytes of all messages on `day`.
  package var bytesToday = 0
  /// Bytes of messages that belong to the round in question.
  package var bytesThisRound = 0
  /// Bytes of dense updates that belong to the round in question.
  package var updateBytesThisRound = 0
  /// The day that the counts of a day belong to, from 1970-01-01: today, or the latest day that the
  /// ledger has seen if the clock went back.
  package var day = 0

  package init(
    rounds: Int = 0, roundsToday: Int = 0, bytesToday: Int = 0, bytesThisRound: Int = 0,
    updateBytesThisRound: Int = 0, day: Int = 0
  ) {
    self.rounds = rounds
    self.roundsToday = roundsToday
    self.bytesToday = bytesToday
    self.bytesThisRound = bytesThisRound
    self.updateBytesThisRound = updateBytesThisRound
    self.day = day
  }
}
