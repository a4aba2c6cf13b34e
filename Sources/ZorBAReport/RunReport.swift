/// Everything that a report of one federated fine-tuning run says, as plain values.
///
/// Every part but the title may be missing or empty: the page leaves out what is not known instead of inventing it.
/// The page (`html()`) is a pure function of this value: equal reports give equal bytes.
package struct RunReport: Equatable, Sendable {
  /// The heading of the page.
  package var title: String
  /// One or two sentences under the heading: what this run shows.
  package var summary: String
  /// What ran: model, method, data, settings, in reading order.
  package var facts: [Fact]
  /// Mean training loss of every round.
  package var trainingLoss: [RoundValue]
  /// Evaluation loss at the rounds that evaluated.
  package var evaluationLoss: [RoundValue]
  /// Quality at every site, before and after.
  package var sites: [Site]
  /// Which transformer blocks every participant trained.
  package var blocks: BlockActivation?
  /// What went over the wire.
  package var traffic: Traffic?
  /// What training kept in memory.
  package var memory: Memory?
  /// Where the time went.
  package var seconds: Seconds?
  /// What a round was predicted to take.
  package var roundSeconds: RoundSeconds?
  /// Who took part.
  package var participants: [Participant]
  /// The state that the run ended in.
  package var state: State?
  /// Remarks and warnings, in order of importance.
  package var notes: [Note]
  /// How groups fare; nil where nothing is known of them.
  package var fairness: Fairness?
  /// What each site brought, as far as its answers were seen.
  package var contributions: [Contribution] = []
  /// What stood between the rows and those who watch; nil where nothing is known of it.
  package var protection: Protection?

  package init(
    title: String, summary: String = "", facts: [Fact] = [], trainingLoss: [RoundValue] = [],
    evaluationLoss: [RoundValue] = [], sites: [Site] = [], blocks: BlockActivation? = nil,
    traffic: Traffic? = nil, memory: Memory? = nil, seconds: Seconds? = nil,
    roundSeconds: RoundSeconds? = nil, participants: [Participant] = [], state: State? = nil,
    notes: [Note] = []
  ) {
    self.title = title
    self.summary = summary
    self.facts = facts
    self.trainingLoss = trainingLoss
    self.evaluationLoss = evaluationLoss
    self.sites = sites
    self.blocks = blocks
    self.traffic = traffic
    self.memory = memory
    self.seconds = seconds
    self.roundSeconds = roundSeconds
    self.participants = participants
    self.state = state
    self.notes = notes
  }
}

extension RunReport {
  /// One line of "what ran".
  package struct Fact: Equatable, Sendable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// A number that belongs to a round; may be NaN or infinite when the run diverged.
  package struct RoundValue: Equatable, Sendable {
    package var round: Int
    package var value: Double

    package init(round: Int, value: Double) {
      self.round = round
      self.value = value
    }
  }

  /// Quality on one set of examples.
  package struct Metrics: Equatable, Sendable {
    /// Share of right answers, 0 … 1.
    package var accuracy: Double
    /// Mean over labels of the F1 score, 0 … 1.
    package var macroF1: Double?
    /// Mean loss in nats.
    package var loss: Double?
    /// How many examples were judged.
    package var examples: Int?

    package init(
      accuracy: Double, macroF1: Double? = nil, loss: Double? = nil, examples: Int? = nil
    ) {
      self.accuracy = accuracy
      self.macroF1 = macroF1
      self.loss = loss
      self.examples = examples
    }
  }

  /// One site, or a common test set, under the models that were compared.
  package struct Site: Equatable, Sendable {
    package var name: String
    /// The model as it came.
    package var before: Metrics?
    /// The model that this site trained alone.
    package var alone: Metrics?
    /// The model that all sites trained together.
    package var federated: Metrics?

    package init(
      name: String, before: Metrics? = nil, alone: Metrics? = nil, federated: Metrics? = nil
    ) {
      self.name = name
      self.before = before
      self.alone = alone
      self.federated = federated
    }
  }

  /// How often every participant trained every block.
  package struct BlockActivation: Equatable, Sendable {
    /// Names of the rows.
    package var participants: [String]
    /// Share of the rounds, 0 … 1, in which a participant trained a block.  # [participants, blocks]
    package var share: [[Double]]
    /// Share of all participant-block pairs that were active, 0 … 1, by round.
    package var activeByRound: [RoundValue]

    package init(participants: [String], share: [[Double]], activeByRound: [RoundValue] = []) {
      self.participants = participants
      self.share = share
      self.activeByRound = activeByRound
    }
  }

  /// Bytes on the wire.
  package struct Traffic: Equatable, Sendable {
    /// Mean bytes that one participant sends in one round.
    package var upPerClientRound: Double
    /// Mean bytes that one participant receives in one round.
    package var downPerClientRound: Double
    /// Bytes that all participants sent in the whole run.
    package var upTotal: Double
    /// Bytes that all participants received in the whole run.
    package var downTotal: Double
    /// Bytes of the trained weights, sent once to one participant; nil when not known.
    package var weightsOnce: Double?

    package init(
      upPerClientRound: Double, downPerClientRound: Double, upTotal: Double, downTotal: Double,
      weightsOnce: Double? = nil
    ) {
      self.upPerClientRound = upPerClientRound
      self.downPerClientRound = downPerClientRound
      self.upTotal = upTotal
      self.downTotal = downTotal
      self.weightsOnce = weightsOnce
    }
  }

  /// Bytes of memory of the participant that needed most.
  package struct Memory: Equatable, Sendable {
    package var peak: Double
    /// What the plan predicted for the peak.
    package var predicted: Double?
    /// The weights alone.
    package var weights: Double?

    package init(peak: Double, predicted: Double? = nil, weights: Double? = nil) {
      self.peak = peak
      self.predicted = predicted
      self.weights = weights
    }
  }

  /// Where wall-clock time went, in seconds.
  package struct Seconds: Equatable, Sendable {
    package var forward: Double
    package var update: Double
    package var other: Double

    package init(forward: Double, update: Double, other: Double) {
      self.forward = forward
      self.update = update
      self.other = other
    }
  }

  /// Seconds of a round, measured and predicted.
  package struct RoundSeconds: Equatable, Sendable {
    package var measured: Double
    package var predicted: Double
    /// Where the prediction comes from, in words.
    package var basis: String

    package init(measured: Double, predicted: Double, basis: String) {
      self.measured = measured
      self.predicted = predicted
      self.basis = basis
    }
  }

  /// One member of the federation.
  package struct Participant: Equatable, Sendable {
    package var name: String
    package var examples: Int?
    /// Rounds that it answered.
    package var rounds: Int?
    /// Anything worth a cell: role, hardware, budget.
    package var detail: String

    package init(name: String, examples: Int? = nil, rounds: Int? = nil, detail: String = "") {
      self.name = name
      self.examples = examples
      self.rounds = rounds
      self.detail = detail
    }
  }

  /// What identifies the fine-tuned model.
  package struct State: Equatable, Sendable {
    /// The digest of all trained blocks, as text.
    package var digest: String
    package var journalPath: String?
    package var journalBytes: Double?

    package init(digest: String, journalPath: String? = nil, journalBytes: Double? = nil) {
      self.digest = digest
      self.journalPath = journalPath
      self.journalBytes = journalBytes
    }
  }

  /// A remark for the reader.
  package struct Note: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
      case remark
      case warning
    }

    package var kind: Kind
    package var text: String

    package init(_ kind: Kind, _ text: String) {
      self.kind = kind
      self.text = text
    }
  }
}
