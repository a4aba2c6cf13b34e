import ZorBADiagnostics

extension PlanningProblem {
  /// Checks that counts agree and that figures are ones a plan can be made from.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming the field and its value.
  package func validate() throws {
    func require(_ holds: Bool, _ field: String, _ fault: String, _ advice: String) throws {
      guard !holds else { return }
      throw ZorBAError(.invalidConfiguration, fault, at: .init(field: field), advice: advice)
    }
    let clients = clientCount
    let blocks = blockCount
    try require(
      sites.count == clients && budgets.count == clients, "budgets",
      "there are \(budgets.count) budgets and costs of \(sites.count) sites for \(clients) clients",
      "Give one a client.")
    for (client, site) in sites.enumerated() {
      let figures =
        site.residentBytes + site.prefixSeconds + site.suffixSeconds + site.activeSeconds
        + [site.fixedBytes, site.fixedSeconds]
      try require(
        figures.count == 4 * blocks + 2 && figures.allSatisfy { $0.isFinite && $0 >= 0 }, "costs",
        "the costs of \(name(of: client)) are not \(blocks) finite numbers from 0 up",
        "Calibrate the client again.")
      try require(
        zip(site.prefixSeconds, site.suffixSeconds).allSatisfy { $0 <= $1 * (1 + 1e-9) }, "costs",
        "\(name(of: client)) takes longer for a block below the first active one than from it on",
        "Calibrate the client again.")
      try require(
        !(budgets[client] < site.fixedBytes), "budgets",
        "\(name(of: client)) has \(Infeasibility.bytes(budgets[client])), less than the "
          + "\(Infeasibility.bytes(site.fixedBytes)) it needs without training any block",
        "Raise its budget, shorten its batches or leave it out.")
    }
    try require(
      (0...clients).contains(minimumClients), "min_clients",
      "\(minimumClients) of \(clients) clients cannot be had for every block",
      "Use 0 to \(clients).")
    try require(
      (0...blocks).contains(minimumBlocks), "min_blocks_per_client", "\(minimumBlocks) is no count",
      "Use 0 to \(blocks).")
    for (client, set) in required {
      let clash = forbidden[client].map { set.intersection($0) } ?? []
      try require(
        clash.isEmpty, "required",
        "\(name(of: client)) must and must not train block \(clash.min() ?? 0)",
        "Remove the block from one of the two lists.")
    }
    for (client, set) in required.merging(forbidden, uniquingKeysWith: { $0.union($1) }) {
      try require(
        (0..<clients).contains(client) && set.allSatisfy((0..<blocks).contains), "required",
        "client \(client) with blocks \(set.sorted()) is not part of the problem",
        "Clients and blocks are counted from 0.")
    }
    let grouped = groups.flatMap { $0 }
    try require(
      Set(grouped).count == grouped.count && grouped.allSatisfy((0..<blocks).contains), "together",
      "a block stands in two groups, or does not exist", "List every block once at most.")
    try require(
      !stages.isEmpty && Set(stages).count == stages.count, "stages",
      "stages are missing or named twice", "Order convergence, memory and time.")
    try require(
      epsilon.allSatisfy { $0 >= 0 && $0.isFinite }, "epsilon", "\(epsilon) cannot be used",
      "Use numbers from 0 up, one for every stage but the last.")
    try require(
      rotation.length >= 1 && rotation.window >= 1 && rotation.minimumShare > 0
        && rotation.minimumShare <= 1,
      "rotation",
      "a cycle of \(rotation.length) matrices of \(rotation.window) rounds, with blocks in "
        + "\(rotation.minimumShare) of them, is none",
      "Use counts from 1 up and a share above 0, at most 1.")
  }
}
