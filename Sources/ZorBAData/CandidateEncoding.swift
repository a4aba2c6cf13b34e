/// Lays out options behind prompts as sequences and queries.
enum CandidateEncoding {
  /// - Parameters:
  ///   - prompts: One prompt for all options, or one an option; never empty.
  ///   - options: The options' tokens; never empty.
  ///   - answer: The right option.
  static func example(prompts: [[Int32]], options: [[Int32]], answer: Int) -> EncodedExample {
    if prompts.count == 1, options.allSatisfy({ $0.count == 1 }) {
      let query = Query(
        sequence: 0, position: prompts[0].count - 1, targets: options.map { $0[0] },
        normalised: false)
      return EncodedExample(
        sequences: prompts, queries: [query], objective: .singleQueryCandidates(answer: answer))
    }
    var sequences: [[Int32]] = []
    var queries: [Query] = []
    var ranges: [Range<Int>] = []
    for (index, option) in options.enumerated() {
      let prompt = prompts.count == 1 ? prompts[0] : prompts[index]
      let start = queries.count
      for (offset, token) in option.enumerated() {
        queries.append(
          Query(
            sequence: index, position: prompt.count - 1 + offset, targets: [token],
            normalised: true))
      }
      sequences.append(prompt + option.dropLast())
      ranges.append(start..<queries.count)
    }
    return EncodedExample(
      sequences: sequences, queries: queries,
      objective: .candidates(queriesOf: ranges, answer: answer))
  }
}
