import ZorBADiagnostics
import ZorBATensor

extension Model {
  /// Scores the request's queries in every branch of the plan.
  ///
  /// Without a plan there is one branch, the weights as stored. The result does not depend on the
  /// number of threads.
  ///
  /// - Throws: `ZorBAError`: `invalidData` for empty or overlong sequences, token ids outside the
  ///   vocabulary or queries outside their sequence; `invalidConfiguration` for a plan that names
  ///   blocks which do not exist; `inputOutput` when memory is exhausted.
  package func score(
    _ request: ScoringRequest, plan: PerturbationPlan? = nil
  ) throws -> ScoringResult {
    try validate(request.sequences)
    try validate(request.queries, of: request.sequences)
    if let plan { try validate(plan) }
    let layout = QueryLayout(request)
    let branchCount = plan?.branchCount ?? 1
    guard !request.queries.isEmpty else {
      return ScoringResult(branchCount: branchCount, offsets: [0], values: [])
    }
    var values = try run(PackedBatch(request.sequences), plan: plan) {
      score(request, layout, $0)
    }
    if values.count < branchCount * layout.targetCount {
      // No active block: every branch is the same.
      values = (0..<branchCount).flatMap { _ in values }
    }
    return ScoringResult(branchCount: branchCount, offsets: layout.offsets, values: values)
  }

  /// Bytes of activations that `score` takes at its peak for this request.
  package func activationBytes(
    for request: ScoringRequest, plan: PerturbationPlan? = nil
  ) throws -> Int {
    try validate(request.sequences)
    try validate(request.queries, of: request.sequences)
    if let plan { try validate(plan) }
    guard !request.queries.isEmpty else { return 0 }
    let layout = QueryLayout(request)
    return try measure(PackedBatch(request.sequences), plan: plan) {
      score(request, layout, $0)
    }
  }

  /// Bytes of activations for a batch of `tokens` tokens evaluated in `branches` branches with
  /// every block active and `queries` normalised queries (all positions when nil).
  ///
  /// The batch is taken as one sequence where the model allows its length, which is the most
  /// demanding shape.
  package func activationBytes(tokens: Int, branches: Int, queries: Int? = nil) throws -> Int {
    guard tokens > 0, branches > 0 else { return 0 }
    let longest = configuration.maximumPositions
    var sequences: [[Int32]] = []
    for start in stride(from: 0, to: tokens, by: longest) {
      sequences.append([Int32](repeating: 0, count: min(longest, tokens - start)))
    }
    let asked = min(queries ?? tokens, tokens)
    var request = ScoringRequest(sequences: sequences, queries: [])
    for index in 0..<asked {
      request.queries.append(
        .init(sequence: index / longest, position: index % longest, targets: [0]))
    }
    guard branches > 1 else { return try activationBytes(for: request) }
    let direction = Direction(seed: 0, distribution: .rademacher)
    let plan = PerturbationPlan(
      directions: Array(repeating: direction, count: (branches + 1) / 2), scale: 1,
      active: Set(0..<configuration.blockCount))
    return try activationBytes(for: request, plan: plan)
  }

  /// Values of all targets: [branches, targets], branches 1 when the plan has no active block.
  func score(
    _ request: ScoringRequest, _ layout: QueryLayout, _ pass: ForwardPass
  ) -> [Double] {
    if !configuration.head.scoresTokens { return scorePooled(request, layout, pass) }
    let hidden = headInput(pass, rows: layout.rows)
    var values = [Double](repeating: 0, count: hidden.branches * layout.targetCount)
    let normalised = 0..<layout.normalisedCount
    let raw = layout.normalisedCount..<layout.rows.count
    pass.score(
      head: decoder.head, hidden, rows: normalised, targets: layout.normalisedTargets,
      normalised: true, into: &values)
    pass.score(
      head: decoder.head, hidden, rows: raw, targets: layout.rawTargets, normalised: false,
      into: &values)
    return values
  }
}

/// Where each query's row and targets lie: rows of normalised queries first, targets sorted by token.
struct QueryLayout {
  /// Rows of the packed batch, one per query.
  let rows: [Int]
  let normalisedCount: Int
  /// Targets of query `q` take places `offsets[q]..<offsets[q + 1]` of a branch's values.
  let offsets: [Int]
  let normalisedTargets: [VocabularyTarget]
  let rawTargets: [VocabularyTarget]

  var targetCount: Int { offsets.last ?? 0 }

  init(_ request: ScoringRequest) {
    var starts: [Int] = []
    var start = 0
    for sequence in request.sequences {
      starts.append(start)
      start += sequence.count
    }
    var offsets = [0]
    offsets.reserveCapacity(request.queries.count + 1)
    for query in request.queries {
      offsets.append(offsets[offsets.count - 1] + query.targets.count)
    }
    var rows: [Int] = []
    rows.reserveCapacity(request.queries.count)
    func lay(normalised: Bool) -> [VocabularyTarget] {
      var targets: [VocabularyTarget] = []
      for (index, query) in request.queries.enumerated() where query.normalised == normalised {
        for (place, token) in query.targets.enumerated() {
          targets.append(
            VocabularyTarget(
              token: Int(token), row: rows.count, place: offsets[index] + place))
        }
        rows.append(starts[query.sequence] + query.position)
      }
      return targets.sorted { ($0.token, $0.place) < ($1.token, $1.place) }
    }
    normalisedTargets = lay(normalised: true)
    normalisedCount = rows.count
    rawTargets = lay(normalised: false)
    self.rows = rows
    self.offsets = offsets
  }
}
