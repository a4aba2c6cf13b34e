import ZorBADiagnostics
package import ZorBAFederation
package import ZorBAOptimization

extension AggregationConfiguration {
  /// The first rule that the section breaks by itself; the key is one below `aggregation`.
  package var fault: RunConfiguration.Fault? {
    guard trim > 0, trim < 0.5 else {
      return ("trim", "\(trim)", "a share of the weight above 0, below 0.5")
    }
    if case .norm(let bound) = clip, !(bound > 0 && bound.isFinite) {
      return ("clip", "\(bound)", "auto, or a number above 0")
    }
    return nil
  }

  /// Why the method of a run cannot be combined with the rule; the key is one below `aggregation`.
  package func fault(under method: MethodConfiguration) -> RunConfiguration.Fault? {
    guard rule != .mean else { return nil }
    if method.name.isFirstOrder {
      return (
        "rule", "'\(rule.rawValue)' with method.name \(method.name.rawValue)",
        "mean: the other rules combine scalars, and this method sends none"
      )
    }
    guard method.seeding == .perClient, rule != .normClipped else { return nil }
    return (
      "rule", "'\(rule.rawValue)' with directions of each client's own",
      "method.seeding shared, or mean or norm_clipped: scalars along different directions measure "
        + "different things, so that one being the largest of them says nothing about it"
    )
  }

  /// Why the rule cannot be combined with secure aggregation; nil when it can.
  ///
  /// - Parameter isOn: Whether answers are aggregated securely.
  package func conflict(withSecureAggregation isOn: Bool) -> RunConfiguration.Fault? {
    guard isOn, rule != .mean else { return nil }
    let value = "'\(rule.rawValue)' with secure aggregation"
    switch rule {
    case .mean: return nil
    case .median, .trimmedMean:
      return (
        "aggregation.rule", value,
        "mean, or turn secure_aggregation off: the coordinator then learns only sums of answers, "
          + "and a median or a trimmed mean has to see and to order every one of them"
      )
    case .normClipped where clip == .auto:
      return (
        "aggregation.rule", value,
        "mean, or turn secure_aggregation off: an automatic bound follows the norms of single "
          + "answers, which the coordinator then does not see"
      )
    case .normClipped:
      return (
        "aggregation.rule", value,
        "mean with secure_aggregation.clip, or turn secure_aggregation off: the coordinator sees no "
          + "single answer to cut down then; a fixed bound can be kept by every site itself before it "
          + "masks its answer, which limits mistakes but no site that lies"
      )
    }
  }

  /// The rule as the arithmetic of a round takes it.
  ///
  /// - Parameter automaticBound: The bound of `clip: auto`.
  package func rule(automaticBound: @autoclosure () -> Double) -> AggregationRule {
    switch rule {
    case .mean: .mean
    case .median: .median
    case .trimmedMean: .trimmedMean(share: trim)
    case .normClipped:
      switch clip {
      case .auto: .normClipped(bound: automaticBound())
      case .norm(let bound): .normClipped(bound: bound)
      }
    }
  }

  /// Checks that every block can get as many answers as the rule needs.
  ///
  /// - Parameters:
  ///   - plan: Who trains what.
  ///   - asked: Clients that a round asks at most.
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming the blocks that cannot.
  package func requireAnswers(in plan: ActivationPlan, asked: Int) throws {
    let needed = rule(automaticBound: .infinity).minimumAnswers
    guard needed > 1 else { return }
    let advice =
      rule == .median
      ? "Let more clients train every block (blocks.min_clients: \(needed)), or choose another rule."
      : "Let more clients train every block (blocks.min_clients: \(needed)), or raise "
        + "aggregation.trim: \(needed) answers leave one at either end."
    guard asked >= needed else {
      throw ZorBAError(
        .invalidConfiguration,
        "a round asks \(asked) clients; '\(rule.rawValue)' needs the answers of \(needed)",
        at: .init(field: "federation.participation"), advice: advice)
    }
    for (index, matrix) in plan.cycle.enumerated() {
      let short = matrix.coverage.enumerated().filter { $0.element > 0 && $0.element < needed }
      guard let worst = short.first else { continue }
      let blocks = short.prefix(12).map { "\($0.offset + 1)" }.joined(separator: ", ")
      throw ZorBAError(
        .invalidConfiguration,
        "'\(rule.rawValue)' needs the answers of \(needed) clients for a block; matrix \(index + 1) of "
          + "the plan gives block \(worst.offset + 1) to \(worst.element), and so little to the blocks "
          + blocks, at: .init(field: "aggregation.rule"), advice: advice)
    }
  }
}
