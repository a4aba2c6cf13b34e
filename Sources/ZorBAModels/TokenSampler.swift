import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Chooses a token from logits: the largest, or a seeded draw after temperature, top-k and top-p.
struct TokenSampler {
  private let options: GenerationOptions
  private var state: UInt64

  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming the option out of range.
  init(_ options: GenerationOptions) throws {
    func refuse(_ field: String, _ value: String, _ advice: String) -> ZorBAError {
      ZorBAError(
        .invalidConfiguration, "\(field) \(value) is out of range", at: .init(field: field),
        advice: advice)
    }
    guard options.maximumTokens >= 0 else {
      throw refuse("maximum tokens", "\(options.maximumTokens)", "Use 0 or more.")
    }
    guard options.temperature.isFinite, options.temperature >= 0 else {
      throw refuse("temperature", "\(options.temperature)", "Use 0 for greedy, 1 for plain draws.")
    }
    if let topK = options.topK, topK < 1 { throw refuse("top-k", "\(topK)", "Use 1 or more.") }
    if let topP = options.topP, !(topP > 0 && topP <= 1) {
      throw refuse("top-p", "\(topP)", "Use a probability above 0, up to 1.")
    }
    self.options = options
    self.state = options.seed
  }

  /// - Throws: `ZorBAError` with code `diverged` when a logit is not finite.
  mutating func choose(_ logits: [Float]) throws -> Int32 {
    var best = 0
    for (token, logit) in logits.enumerated() {
      guard logit.isFinite else {
        throw ZorBAError(
          .diverged, "the logit of token \(token) is \(logit)",
          advice: "The weights have diverged; go back to an earlier round.")
      }
      if logit > logits[best] { best = token }
    }
    guard options.temperature > 0 else { return Int32(best) }
    return draw(logits, maximum: logits[best])
  }

  private mutating func draw(_ logits: [Float], maximum: Float) -> Int32 {
    // Ties keep the order of ids, so a draw is a function of logits and seed alone.
    var candidates = logits.indices.sorted { (logits[$0], $1) > (logits[$1], $0) }
    if let topK = options.topK { candidates.removeLast(max(0, candidates.count - topK)) }
    let temperature = Double(options.temperature)
    var weights = candidates.map { exp(Double(logits[$0] - maximum) / temperature) }
    if let topP = options.topP {
      let total = weights.reduce(0, +)
      var kept = 0.0
      let last = weights.firstIndex { weight in
        kept += weight
        return kept >= Double(topP) * total
      }
      if let last { weights.removeLast(weights.count - last - 1) }
    }
    var remaining = uniform() * weights.reduce(0, +)
    for (index, weight) in weights.enumerated() {
      remaining -= weight
      if remaining < 0 { return Int32(candidates[index]) }
    }
    return Int32(candidates[weights.count - 1])
  }

  /// A number in [0, 1) by SplitMix64 (Steele, Lea and Flood, 2014).
  private mutating func uniform() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Double((z ^ (z >> 31)) >> 11) * 0x1p-53
  }
}
