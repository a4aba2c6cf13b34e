/// Metrics between rounds.
extension RunMachine {
  var isEvaluationDue: Bool {
    let round = lastCommitted
    if evaluated.contains(round) { return false }
    if round == 0 || isComplete { return configuration.evaluatesEnds }
    return configuration.evaluateEvery > 0 && round % configuration.evaluateEvery == 0
  }

  /// Asks every site that is ready.
  mutating func evaluate() -> [Action] {
    phase = .evaluating
    reason = nil
    evaluations = []
    pending = Set(current)
    return [.evaluate(round: lastCommitted, clients: current)]
  }

  mutating func evaluation(_ client: Int, _ session: UInt64, _ round: Int) -> [Action] {
    guard phase == .evaluating, round == lastCommitted, clients.indices.contains(client),
      clients[client].speaks(on: session), pending.remove(client) != nil
    else { return [] }
    evaluations.insert(client)
    return evaluatedIfComplete()
  }

  mutating func evaluationDeadline(_ round: Int) -> [Action] {
    guard phase == .evaluating, round == lastCommitted else { return [] }
    return concludeEvaluation()
  }

  /// Goes on once nobody is awaited; when all were lost before they answered, whoever comes next is
  /// asked, until the deadline.
  mutating func evaluatedIfComplete() -> [Action] {
    pending.isEmpty && !evaluations.isEmpty ? concludeEvaluation() : []
  }

  private mutating func concludeEvaluation() -> [Action] {
    evaluated.insert(lastCommitted)
    pending = []
    return [.evaluated(round: lastCommitted)] + advance()
  }
}
