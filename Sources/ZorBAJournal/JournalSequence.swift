import ZorBAOptimization

/// Which record may follow which; reader and writer hold every journal to the same rules.
struct JournalSequence {
  let header: JournalHeader
  /// The last committed round; 0 before the first.
  private(set) var lastRound: UInt64 = 0
  private(set) var hasEnded = false
  /// The dense round whose changes are not complete yet.
  private(set) var dense: DenseSequence?

  init(header: JournalHeader) { self.header = header }

  /// Moves past a record, or says as a clause why it cannot stand here.
  mutating func accept(_ record: JournalRecord) -> String? {
    if dense != nil { return accept(insideDenseRound: record) }
    switch record {
    case .ancillary(let type, _):
      return type < 128 ? "an ancillary record has a type of 128 or more" : nil
    case .branch(let branch):
      if let fault = anchorFault(branch.round) { return fault }
      hasEnded = false
      return nil
    case .round, .dense, .denseChunk, .plan, .digest, .end:
      if hasEnded { return "only a branch may follow the end of a run" }
    }
    switch record {
    case .round(let round): return accept(round)
    case .dense(let round): return accept(round)
    case .denseChunk(let chunk): return "changes of round \(chunk.round), which has not begun"
    case .plan(let plan): return accept(plan)
    case .digest(let digest):
      return digest.violation ?? anchorFault(digest.round)
        ?? blockFault(digest.entries.last?.block)
    case .end(let end):
      hasEnded = true
      return anchorFault(end.round)
    case .branch, .ancillary: return nil
    }
  }

  private mutating func accept(_ round: CommittedRound) -> String? {
    if round.number <= lastRound { return "round \(round.number) after round \(lastRound)" }
    if round.coefficients.seeding != header.schedule.seeding {
      return "round \(round.number) is seeded \(round.coefficients.seeding), the run "
        + "\(header.schedule.seeding)"
    }
    if let fault = blockFault(round.coveredBlocks.last) { return fault }
    lastRound = round.number
    return nil
  }

  private mutating func accept(_ round: DenseRound) -> String? {
    if let violation = round.violation { return violation }
    if round.number <= lastRound { return "round \(round.number) after round \(lastRound)" }
    if let fault = blockFault(round.blocks.last) { return fault }
    guard let byteCount = header.model.denseLayout(of: round.blocks)?.byteCount(round.encoding),
      byteCount > 0
    else { return "round \(round.number) changes blocks without weights" }
    dense = DenseSequence(round, byteCount: byteCount)
    return nil
  }

  /// Nothing but its changes may stand within a dense round, which counts with the last of them.
  private mutating func accept(insideDenseRound record: JournalRecord) -> String? {
    guard var dense else { return nil }
    guard case .denseChunk(let chunk) = record else {
      return "another record within the changes of round \(dense.round.number)"
    }
    // Kept by nobody else meanwhile, or every chunk would copy the running digest.
    self.dense = nil
    if let fault = dense.accept(chunk) {
      self.dense = dense
      return fault
    }
    if dense.remaining == 0 {
      lastRound = dense.round.number
    } else {
      self.dense = dense
    }
    return nil
  }

  private func accept(_ plan: PlanRecord) -> String? {
    if let violation = plan.violation { return violation }
    if plan.firstRound <= lastRound {
      return "a plan from round \(plan.firstRound) on after round \(lastRound)"
    }
    return blockFault(plan.cycle.joined().compactMap(\.blocks.last).max())
  }

  private func anchorFault(_ round: UInt64) -> String? {
    round == lastRound ? nil : "it speaks of round \(round) after round \(lastRound)"
  }

  private func blockFault(_ block: Int?) -> String? {
    guard let block, block >= header.model.blocks.count else { return nil }
    return "block \(block) of a model whose last block is \(header.model.blocks.count - 1)"
  }
}
