import Testing
import ZorBACheckpoint
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

/// Logits against transformers (float32, eager attention).
@Suite struct ParityTests {
  @Test func everyFamilyHasACase() {
    #expect(
      Set(GoldenCase.all.map(\.configuration.family))
        == Set(ModelConfiguration.Family.allCases.filter { !$0.isEncoder }))
    #expect(GoldenCase.all.count == 20)
  }

  @Test(arguments: GoldenCase.float32, Computes.all)
  func logitsAgreeInBinary32(_ golden: GoldenCase, _ setting: Computes.Setting) throws {
    let model = try golden.model(setting.compute)
    for index in 0..<golden.inputCount {
      let tokens = try golden.input(index)
      let found = try model.logits(tokens).floats()
      for name in ["logits", "padded"] {
        let expected = try golden.logits("\(name).\(index)")
        let error = zip(found.suffix(expected.count), expected).reduce(Float(0)) {
          max($0, abs($1.0 - $1.1))
        }
        #expect(error <= 1e-4, "\(name) of input \(index), \(tokens.count) tokens")
      }
    }
  }

  @Test(arguments: GoldenCase.half, Computes.all)
  func logitsOfHalfPrecisionWeightsAgree(
    _ golden: GoldenCase, _ setting: Computes.Setting
  ) throws {
    let model = try golden.model(setting.compute)
    for index in 0..<golden.inputCount {
      let expected = try golden.logits("logits.\(index)")
      let found = try model.logits(golden.input(index)).floats().suffix(expected.count)
      var difference = 0.0
      var norm = 0.0
      for (a, b) in zip(found, expected) {
        difference += Double((a - b) * (a - b))
        norm += Double(b * b)
      }
      #expect((difference / norm).squareRoot() <= 1e-2, "input \(index)")
    }
  }

  /// Scores of a ragged batch are the log-softmax of the reference logits, sequence by sequence.
  @Test(arguments: GoldenCase.float32)
  func scoresAreTheLogSoftmaxOfTheReference(_ golden: GoldenCase) throws {
    let model = try golden.model(Computes.one())
    let vocabulary = golden.configuration.vocabularySize
    var request = ScoringRequest(sequences: [], queries: [])
    var expected: [[Double]] = []
    var random = SeededGenerator(seed: 11)
    for index in 0..<golden.inputCount {
      let tokens = try golden.input(index)
      let logits = try golden.logits("logits.\(index)")
      let rows = logits.count / vocabulary
      request.sequences.append(tokens)
      for row in 0..<rows where row < 2 || Bool.random(using: &random) {
        let targets = (0..<Int.random(in: 1...4, using: &random)).map { _ in
          Int32.random(in: 0..<Int32(vocabulary), using: &random)
        }
        let normalised = Bool.random(using: &random)
        request.queries.append(
          .init(
            sequence: index, position: tokens.count - rows + row, targets: targets,
            normalised: normalised))
        let values = logits[row * vocabulary..<(row + 1) * vocabulary].map(Double.init)
        let total = normalised ? logSumExp(values) : 0
        expected.append(targets.map { values[Int($0)] - total })
      }
    }
    let result = try model.score(request)
    #expect(result.branchCount == 1)
    #expect(result.queryCount == expected.count)
    for (query, values) in expected.enumerated() {
      for (found, value) in zip(result[0, query], values) { #expect(abs(found - value) <= 2e-4) }
    }
  }

  private func logSumExp(_ values: [Double]) -> Double {
    let maximum = values.max() ?? 0
    return maximum + log(values.reduce(0) { $0 + exp($1 - maximum) })
  }
}
