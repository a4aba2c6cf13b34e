import ZorBADiagnostics
package import ZorBATensor

extension Model {
  /// Scores the request and adds the gradient of a loss of the scores to `gradients`.
  ///
  /// The pass is recorded and walked backwards. Only parameters that `gradients` holds are
  /// differentiated; blocks below the lowest of them are computed as in scoring.
  ///
  /// - Parameters:
  ///   - gradients: Gradients of `trainable` or some of its parameters.
  ///   - derivative: Turns the scores into dLoss/dscore, in the order of `ScoringResult.values`.
  /// - Returns: The scores, those of `score`.
  /// - Throws: `ZorBAError` as `score` does.
  @discardableResult
  package func accumulateGradient(
    of request: ScoringRequest, options: BackwardOptions = BackwardOptions(),
    into gradients: Gradients, derivative: (ScoringResult) -> [Double]
  ) throws -> ScoringResult {
    try validate(request.sequences)
    try validate(request.queries, of: request.sequences)
    let layout = QueryLayout(request)
    guard !request.queries.isEmpty else {
      return ScoringResult(branchCount: 1, offsets: [0], values: [])
    }
    let recording = Recording(of: trainable, into: gradients, options: options)
    return try run(PackedBatch(request.sequences), recording: recording) { pass in
      let result = ScoringResult(
        branchCount: 1, offsets: layout.offsets, values: score(request, layout, pass))
      if pass.isMeasuring {
        pass.walkBack([])
      } else {
        let derivatives = derivative(result)
        precondition(derivatives.count == layout.targetCount)
        pass.walkBack(derivatives)
      }
      return result
    }
  }

  /// Bytes of activations and their gradients that `accumulateGradient` takes at its peak.
  ///
  /// - Parameter set: The parameters to differentiate; nil for all that are trainable.
  package func gradientActivationBytes(
    for request: ScoringRequest, options: BackwardOptions = BackwardOptions(),
    of set: ParameterSet? = nil
  ) throws -> Int {
    try validate(request.sequences)
    try validate(request.queries, of: request.sequences)
    guard !request.queries.isEmpty else { return 0 }
    let layout = QueryLayout(request)
    let recording = Recording(of: set ?? trainable, into: nil, options: options)
    return try measure(PackedBatch(request.sequences), plan: nil, recording: recording) { pass in
      _ = score(request, layout, pass)
      pass.walkBack([])
    }
  }
}
