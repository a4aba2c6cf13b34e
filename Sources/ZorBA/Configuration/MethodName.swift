/// The method of a run.
public enum MethodName: String, Sendable, CaseIterable {
  /// Zeroth-order with heterogeneous block activation; MeZO, FedZO and DeComFL are settings of it.
  case zorba
  /// Zeroth-order with directions from a pool of seeds (Qin et al. 2023).
  case fedkseed
  /// Local first-order training, changes averaged (McMahan et al. 2017).
  case fedavg
  /// FedAvg with a pull towards the round's start (Li et al. 2020).
  case fedprox
  /// FedAvg with Adam at the coordinator (Reddi et al. 2021).
  case fedadam

  /// Whether clients follow gradients, so that changes are dense.
  public var isFirstOrder: Bool {
    switch self {
    case .zorba, .fedkseed: false
    case .fedavg, .fedprox, .fedadam: true
    }
  }

  /// The keys of `method` that this method knows, in the order of the run file.
  package var keys: [String] {
    switch self {
    case .zorba:
      [
        "directions", "mu", "learning_rate", "schedule", "warmup_rounds", "perturbation",
        "seeding", "local_steps", "weight_decay",
      ]
    case .fedkseed:
      [
        "directions", "mu", "learning_rate", "schedule", "warmup_rounds", "perturbation",
        "local_steps", "pool",
      ]
    case .fedavg: Self.localKeys
    case .fedprox: Self.localKeys + ["proximal"]
    case .fedadam: Self.localKeys + ["server_betas", "server_epsilon"]
    }
  }

  private static let localKeys = [
    "learning_rate", "schedule", "warmup_rounds", "local_steps", "weight_decay", "optimizer",
    "momentum", "betas", "clip_norm", "accumulation", "checkpointing", "server_learning_rate",
    "upload",
  ]
}
