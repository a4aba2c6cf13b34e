public import ZorBAOptimization
public import ZorBATensor

/// Everything that defines a run: the contents of `RUN.yaml`, validated.
///
/// Paths are as the user wrote them, resolved against the folder of the file they stand in. Only
/// the model and the data have no default.
public struct RunConfiguration: Sendable, Equatable {
  /// The Hugging Face checkpoint folder.
  public var model: String
  /// The data files.
  public var data: DataFiles
  /// What the model is asked to do with a row.
  public var task: TaskConfiguration
  /// Clients, partition, participation, weights.
  public var federation: FederationConfiguration
  /// The method.
  public var method: MethodConfiguration
  /// Minibatch limits.
  public var batch: BatchConfiguration
  /// Rounds to commit.
  public var rounds: Int
  /// Who trains which blocks.
  public var blocks: BlockConfiguration
  /// When to evaluate, and on what.
  public var evaluate: EvaluationConfiguration
  /// How weights are stored while training.
  public var precision: WeightPrecision
  /// What forward passes multiply.
  public var compute: ComputePrecision
  /// What to do when scalars stop making sense.
  public var guardrail: GuardConfiguration
  /// How answers are combined.
  public var aggregation: AggregationConfiguration
  /// What is said of how sites and segments fare, and done about it; nil does nothing.
  public var fairness: FairnessConfiguration?
  /// How much memory the run may take.
  public var memory: MemoryConfiguration
  /// The adapter that is trained in place of the weights; nil trains the weights.
  public var adapter: AdapterConfiguration?
  /// Whether answers are added up under masks.
  public var secureAggregation: SecureAggregationConfiguration
  /// What the run promises about the rows behind its scalars; nil promises nothing.
  public var differentialPrivacy: DifferentialPrivacyConfiguration?
  /// Who must agree before the run begins.
  public var approvals: ApprovalConfiguration
  /// The seed from which keys, partitions and draws are derived.
  public var seed: UInt64
  /// The folder the run leaves its files in.
  public var out: String

  /// A run with every default.
  public init(model: String, data: DataFiles, out: String = "runs/run") {
    self.model = model
    self.data = data
    self.task = TaskConfiguration()
    self.federation = FederationConfiguration()
    self.method = MethodConfiguration()
    self.batch = BatchConfiguration()
    self.rounds = 1000
    self.blocks = BlockConfiguration()
    self.evaluate = EvaluationConfiguration()
    self.precision = .asCheckpoint
    self.compute = .auto
    self.guardrail = GuardConfiguration()
    self.aggregation = AggregationConfiguration()
    self.memory = MemoryConfiguration()
    self.secureAggregation = SecureAggregationConfiguration()
    self.approvals = ApprovalConfiguration()
    self.seed = 1
    self.out = out
  }
}

/// The data files of a run.
public struct DataFiles: Sendable, Equatable {
  /// Training rows: one file to partition, or one file a client; none where a run with sites is
  /// coordinated without data.
  public var train: [String]
  /// Rows for evaluation during the run.
  public var validation: String?
  /// Rows for the evaluation before and after.
  public var test: String?

  /// Creates the list of files.
  public init(train: [String], validation: String? = nil, test: String? = nil) {
    self.train = train
    self.validation = validation
    self.test = test
  }
}

/// What the model is asked to do with a row of data.
public struct TaskConfiguration: Sendable, Equatable {
  /// The kinds of task.
  public enum Kind: String, Sendable, CaseIterable {
    /// Pick a label by the likelihood of its word in a template.
    case classification
    /// Pick an option by its likelihood.
    case multipleChoice = "multiple_choice"
    /// Predict every token.
    case languageModeling = "language_modeling"
    /// Predict a completion after a prompt.
    case completion
  }

  /// What a model gives a value for.
  public enum Head: String, Sendable, CaseIterable {
    /// The next token (decoders).
    case languageModel = "language_model"
    /// The token at a mask (encoders).
    case maskedLM = "masked_lm"
    /// How near a text is to each label's words (encoders).
    case prototypes
    /// The labels, by a linear map that is trained with the model (encoders).
    case classifier
  }

  /// What is asked.
  public var kind: Kind = .classification
  /// What gives the values; nil takes the model's own: its language model, its masked language model,
  /// its classifier, else prototypes.
  public var head: Head?
  /// The prompt with `{column}` and `{label}` places; nil takes the kind's own.
  public var template: String?
  /// Label values and their words, in order; empty takes the values found in the data.
  public var labels: [(value: String, word: String)] = []
  /// Columns of a completion task.
  public var promptColumn = "prompt"
  /// Columns of a completion task.
  public var completionColumn = "completion"

  /// Classification with the data's own labels.
  public init() {}

  /// Labels compare in order.
  public static func == (left: TaskConfiguration, right: TaskConfiguration) -> Bool {
    left.kind == right.kind && left.head == right.head && left.template == right.template
      && left.labels.map(\.value) == right.labels.map(\.value)
      && left.labels.map(\.word) == right.labels.map(\.word)
      && left.promptColumn == right.promptColumn && left.completionColumn == right.completionColumn
  }
}

/// The method.
public struct MethodConfiguration: Sendable, Equatable {
  /// Which one; it decides what else counts.
  public var name = MethodName.zorba
  /// Directions per step: P.
  public var directions = 1
  /// Perturbation scale: mu.
  public var mu = 1e-3
  /// Step length: eta.
  public var learningRate = 1e-6
  /// How eta moves over the run.
  public var schedule = LearningRateSchedule.Shape.constant
  /// Rounds over which eta rises from 0.
  public var warmupRounds = 0
  /// The distribution of perturbations.
  public var perturbation = PerturbationDistribution.gaussian
  /// Whether clients share directions.
  public var seeding = SeedingMode.shared
  /// Local steps per round: H.
  public var localSteps = 1
  /// Weight decay as a share of eta: per round and decoupled, of first-order methods per step.
  public var weightDecay = 0.0
  /// Seeds in the pool of FedKSeed: K.
  public var pool = 4096
  /// The rest of a first-order method.
  public var firstOrder = FirstOrderConfiguration()

  /// The rate of first-order methods where none is given.
  public static let firstOrderLearningRate = 1e-4

  /// One shared gaussian direction a round.
  public init() {}
}

/// Minibatch limits.
public struct BatchConfiguration: Sendable, Equatable {
  /// Examples in a client's minibatch.
  public var size = 16
  /// Tokens in one example, the template included.
  public var maxTokens = 256

  /// Sixteen examples of up to 256 tokens.
  public init() {}
}

/// When to evaluate.
public struct EvaluationConfiguration: Sendable, Equatable {
  /// The rows to use.
  public enum Split: String, Sendable, CaseIterable {
    /// The validation file.
    case validation
    /// The test file.
    case test
  }

  /// Rounds between evaluations; 0 evaluates only before and after.
  public var every = 100
  /// What is evaluated during the run; before and after use `test` where there is one.
  public var split = Split.validation
  /// The most rows of a file to use, 0 for all.
  public var limit = 0

  /// Every 100 rounds on the validation file.
  public init() {}
}

/// How weights are stored while training.
public enum WeightPrecision: String, Sendable, CaseIterable {
  /// As the checkpoint has them.
  case asCheckpoint = "as_checkpoint"
  /// binary32.
  case float32
  /// bfloat16 with stochastic rounding of updates.
  case bfloat16

  /// The element type to convert to, or nil to keep the checkpoint's.
  public var dtype: DType? {
    switch self {
    case .asCheckpoint: nil
    case .float32: .float32
    case .bfloat16: .bfloat16
    }
  }
}

/// What to do when scalars stop making sense.
public struct GuardConfiguration: Sendable, Equatable {
  /// How to react.
  public var action = DivergenceGuard.Policy.stop
  /// A scalar above this multiple of its running scale is refused.
  public var factor = 100.0

  /// Stops at 100 times the running scale.
  public init() {}
}

/// How much memory a run may take.
public struct MemoryConfiguration: Sendable, Equatable {
  /// Resident memory of the process at most, in MiB; 0 sets no limit.
  ///
  /// With a limit the weights lie in a file and those that do not fit are streamed. The run's bits do
  /// not depend on it.
  public var budgetMiB = 0

  /// No limit.
  public init() {}

  /// The largest limit that can be set: 16 TiB.
  public static let largestBudgetMiB = 1 << 24
}
