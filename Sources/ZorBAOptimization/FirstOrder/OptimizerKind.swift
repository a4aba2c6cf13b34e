/// What turns a client's gradient into a step.
public enum OptimizerKind: String, Sendable, CaseIterable, Codable {
  /// Adam with decoupled weight decay (Loshchilov and Hutter 2019).
  case adamw
  /// Stochastic gradient descent, with momentum if asked for.
  case sgd
}
