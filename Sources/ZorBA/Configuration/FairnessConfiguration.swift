import ZorBADiagnostics
import ZorBAJSON

/// What a run says of how sites and segments of its data fare, and does about it.
public struct FairnessConfiguration: Sendable, Equatable {
  /// The column that names a row's segment; nil reports sites alone.
  public var segment: String?
  /// Segments with fewer rows are not told apart; 1 tells all.
  public var minimumCount = 10
  /// q: a site's weight is multiplied by its loss to this power; nil leaves weights alone.
  public var lossExponent: Double?
  /// How far accuracy (a share) or loss (nats) of a site or segment may fall behind its own best while
  /// the whole improves, before that is an alarm.
  public var driftAlarm = 0.1

  /// Sites alone, weights untouched.
  public init() {}

  /// How sites are weighted, by the names that the run file has for it.
  package enum Weights: String, CaseIterable {
    case examples, uniform
    case qFair = "q_fair"
  }
}

extension FairnessConfiguration {
  /// Hides segments of fewer rows too. A minimum of 2 hides nothing, so 3 stands for it.
  mutating func raiseMinimum(to count: Int) {
    let larger = max(minimumCount, count)
    minimumCount = larger == 2 ? 3 : larger
  }

  /// The section of the run file.
  var json: JSONValue {
    var members: [(String, JSONValue)] = []
    if let segment { members.append(("segment", .string(segment))) }
    members.append(("minimum_count", .integer(minimumCount)))
    if let lossExponent {
      members.append(("weights", .string(Weights.qFair.rawValue)))
      members.append(("q", .number(lossExponent)))
    }
    members.append(("drift_alarm", .number(driftAlarm)))
    return RunConfiguration.object(members)
  }

  /// The first rule that the section breaks; the key is one below `fairness`.
  package var fault: RunConfiguration.Fault? {
    if let segment, segment.isEmpty || segment.utf8.count > 256 {
      return ("segment", "'\(segment.excerpt())'", "the name of a column, of 1 to 256 bytes")
    }
    guard minimumCount == 1 || (3...1_000_000_000).contains(minimumCount) else {
      return (
        "minimum_count", "\(minimumCount)",
        "1 to tell all segments, or 3 or more: below 2 there is only 1, so that hiding it would hide "
          + "nothing"
      )
    }
    if let lossExponent, !(lossExponent > 0 && lossExponent <= 16) {
      return ("q", "\(lossExponent)", "a number above 0, at most 16")
    }
    guard driftAlarm > 0, driftAlarm.isFinite else {
      return ("drift_alarm", "\(driftAlarm)", "a number above 0")
    }
    return nil
  }

  /// Why the method of a run cannot be combined with the weights; the key is one below `fairness`.
  package func fault(under method: MethodConfiguration) -> RunConfiguration.Fault? {
    guard lossExponent != nil, method.name.isFirstOrder else { return nil }
    return (
      "weights", "'q_fair' with method.name \(method.name.rawValue)",
      "examples or uniform: updates are averaged as they come in, before all losses are known"
    )
  }

  /// Why the rows of a task cannot be told apart by the segments' column; the key is one below
  /// `fairness`.
  ///
  /// Figures by what is predicted stand in every evaluation, for every label: as segments the same rows
  /// would be hidden in one table and told in another.
  package func fault(of task: TaskConfiguration) -> RunConfiguration.Fault? {
    guard let segment, segment.utf8.elementsEqual(task.predictedColumn.utf8) else { return nil }
    return (
      "segment", "'\(segment)', the column that a \(task.kind.rawValue) task predicts,",
      "a column that says something else of a row; figures by label are in every evaluation anyway"
    )
  }

  /// Why the weights cannot be combined with secure aggregation; nil when they can.
  package func conflict(withSecureAggregation isOn: Bool) -> RunConfiguration.Fault? {
    guard isOn, lossExponent != nil else { return nil }
    return (
      "fairness.weights", "'q_fair' with secure aggregation",
      "examples or uniform, or turn secure_aggregation off: the weights follow the loss of every "
        + "single site, and the coordinator then learns only sums"
    )
  }

  /// Why the weights cannot be combined with differential privacy; nil when they can.
  package func conflict(withDifferentialPrivacy isOn: Bool) -> RunConfiguration.Fault? {
    guard isOn, lossExponent != nil else { return nil }
    return (
      "fairness.weights", "'q_fair' with differential privacy",
      "examples or uniform: a weight that follows a site's loss is one more thing that is computed "
        + "from its rows and sent, without noise"
    )
  }
}

extension RunConfiguration {
  /// What may be told of segments: nothing under differential privacy, as their figures carry no noise.
  var toldFairness: FairnessConfiguration? { differentialPrivacy == nil ? fairness : nil }

  /// The first rule of `aggregation` and `fairness`, by themselves and under the run's method, that
  /// does not hold; nil when all do.
  package var combinationFault: Fault? {
    func fault(_ section: String, _ fault: Fault?) -> Fault? {
      fault.map { ("\(section).\($0.key)", $0.value, $0.rule) }
    }
    return fault("aggregation", aggregation.fault ?? aggregation.fault(under: method))
      ?? fault(
        "fairness", fairness?.fault ?? fairness?.fault(under: method) ?? fairness?.fault(of: task))
  }
}
