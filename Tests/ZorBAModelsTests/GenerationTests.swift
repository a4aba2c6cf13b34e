import Testing
import ZorBADiagnostics
import ZorBAModels
import ZorBATensor
import ZorBATestSupport

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Generation with a cache against full recomputation and the reference's greedy continuation.
@Suite struct GenerationTests {
  @Test(arguments: GoldenCase.all, Computes.all)
  func greedyContinuationIsTheReferences(
    _ golden: GoldenCase, _ setting: Computes.Setting
  ) throws {
    let generator = Generator(model: try golden.model(setting.compute))
    let expected = try golden.tokens("greedy")
    var streamed: [Int32] = []
    let found = try generator.generate(
      prompt: golden.tokens("prompt"),
      options: .init(maximumTokens: expected.count, endTokens: [])
    ) { token in
      streamed.append(token)
      return true
    }
    #expect(found == expected)
    #expect(streamed == expected)
  }

  /// Greedy choice over logits that are recomputed from the start for every token.
  @Test(arguments: GoldenCase.all)
  func cacheChangesNothing(_ golden: GoldenCase) throws {
    let model = try golden.model(Computes.one())
    let vocabulary = golden.configuration.vocabularySize
    var random = SeededGenerator(seed: 17)
    for length in [1, 2, 11] {
      let prompt = (0..<length).map { _ in
        Int32.random(in: 0..<Int32(vocabulary), using: &random)
      }
      var tokens = prompt
      for _ in 0..<20 {
        let row = try model.logits(tokens).floats().suffix(vocabulary)
        let best = row.indices.max { (row[$0], $1) < (row[$1], $0) } ?? row.startIndex
        tokens.append(Int32(best - row.startIndex))
      }
      let found = try Generator(model: model).generate(
        prompt: prompt, options: .init(maximumTokens: 20, endTokens: []))
      #expect(found == Array(tokens.dropFirst(length)))
    }
  }

  @Test func generationStopsWhereItIsToldTo() throws {
    let golden = try GoldenCase.named("llama")
    let generator = Generator(model: try golden.model(Computes.one()))
    let prompt = try golden.tokens("prompt")
    let greedy = try golden.tokens("greedy")
    let end = greedy[6]
    let first = try #require(greedy.firstIndex(of: end))
    let ended = try generator.generate(
      prompt: prompt, options: .init(maximumTokens: 20, endTokens: [end]))
    #expect(ended == Array(greedy[..<first]))
    var seen = 0
    let stopped = try generator.generate(
      prompt: prompt, options: .init(maximumTokens: 20, endTokens: [])
    ) { _ in
      seen += 1
      return seen < 3
    }
    #expect(stopped == Array(greedy[..<3]))
    let all = try generator.generate(
      prompt: prompt, options: .init(maximumTokens: 1000, endTokens: []))
    #expect(all.count + prompt.count == golden.configuration.maximumPositions)
    #expect(try generator.generate(prompt: prompt, options: .init(maximumTokens: 0)).isEmpty)
  }

  @Test func samplingFollowsTheSoftmaxAndTheSeed() throws {
    let model = try RandomModel.llama(vocabulary: 40, seed: 2, compute: Computes.one())
    let generator = Generator(model: model)
    let scores = try model.score(
      ScoringRequest(
        sequences: [[7]],
        queries: [.init(sequence: 0, position: 0, targets: Array(0..<40))]))
    let order = (0..<40).sorted { scores.values[$0] > scores.values[$1] }
    func draws(_ options: GenerationOptions, _ count: Int) throws -> [Int] {
      var counts = [Int](repeating: 0, count: 40)
      for seed in 0..<count {
        var options = options
        options.seed = UInt64(seed)
        counts[Int(try generator.generate(prompt: [7], options: options)[0])] += 1
      }
      return counts
    }
    let plain = GenerationOptions(maximumTokens: 1, temperature: 1, endTokens: [])
    let counts = try draws(plain, 1500)
    for token in 0..<40 {
      let p = exp(scores.values[token])
      // Five standard deviations of a binomial count, plus one for the rarest.
      let bound = 5 * (1500 * p * (1 - p)).squareRoot() + 1
      #expect(abs(Double(counts[token]) - 1500 * p) <= bound)
    }
    var topK = plain
    topK.topK = 3
    let few = try draws(topK, 300)
    #expect(Set(few.indices.filter { few[$0] > 0 }) == Set(order.prefix(3)))
    var topP = plain
    topP.topP = Float(exp(scores.values[order[0]]) * 0.9)
    #expect(try draws(topP, 20)[order[0]] == 20)
    var cold = plain
    cold.temperature = 1e-4
    #expect(try draws(cold, 20)[order[0]] == 20)
    var long = plain
    long.maximumTokens = 30
    long.seed = 5
    let text = try generator.generate(prompt: [7], options: long)
    #expect(try generator.generate(prompt: [7], options: long) == text)
    long.seed = 6
    #expect(try generator.generate(prompt: [7], options: long) != text)
  }

  @Test func unusableOptionsAndPromptsAreErrors() throws {
    let generator = Generator(
      model: try RandomModel.llama(vocabulary: 40, seed: 2, compute: Computes.one()))
    let good = GenerationOptions(maximumTokens: 2)
    let bad: [(inout GenerationOptions) -> Void] = [
      { $0.maximumTokens = -1 }, { $0.temperature = -1 }, { $0.temperature = .nan },
      { $0.temperature = .infinity }, { $0.topK = 0 }, { $0.topP = 0 }, { $0.topP = 1.5 },
      { $0.topP = .nan },
    ]
    for change in bad {
      var options = good
      change(&options)
      let error = #expect(throws: ZorBAError.self) {
        try generator.generate(prompt: [1], options: options)
      }
      #expect(error?.code == .invalidConfiguration)
    }
    for prompt: [Int32] in [[], [40], [-1], Array(repeating: 1, count: 129)] {
      let error = #expect(throws: ZorBAError.self) {
        try generator.generate(prompt: prompt, options: good)
      }
      #expect(error?.code == .invalidData)
    }
  }
}
