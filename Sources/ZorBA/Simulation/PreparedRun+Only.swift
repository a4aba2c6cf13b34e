import ZorBADiagnostics
import ZorBAFederation

extension RunMaterials {
  /// The place of the one client that trains; nil when all do.
  ///
  /// A name counts before a number, so that sites called `1` and `2` can be told apart.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when there is no such client.
  var only: Int? {
    get throws {
      guard let wanted = configuration.federation.only else { return nil }
      if let place = names.firstIndex(of: wanted) { return place }
      if let number = Int(wanted), names.indices.contains(number &- 1) { return number - 1 }
      let known = names.prefix(8).map { $0.excerpt() }.joined(separator: ", ")
      throw ZorBAError(
        .invalidConfiguration, "there is no client '\(wanted.excerpt())'",
        at: .init(field: "federation.only"),
        advice: "Use a number from 1 to \(names.count), or a name: \(known)"
          + (names.count > 8 ? ", …" : "."))
    }
  }
}

extension PreparedRun {
  /// A plan as it is for one of its clients by itself, without the rounds in which that one rests;
  /// the plan itself for all.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the plan never gives it a block.
  static func plan(_ plan: ActivationPlan, of only: Int?) throws -> ActivationPlan {
    guard let only else { return plan }
    let rows = plan.cycle.filter { !$0.isResting(only) }.map { [$0.rows[only]] }
    guard !rows.isEmpty else {
      throw ZorBAError(
        .invalidConfiguration, "the plan never gives client \(only + 1) a block",
        at: .init(field: "federation.only"), advice: "Choose another client, or another plan.")
    }
    return ActivationPlan(
      cycle: try rows.map { try ActivationMatrix(rows: $0) }, window: plan.window)
  }
}
