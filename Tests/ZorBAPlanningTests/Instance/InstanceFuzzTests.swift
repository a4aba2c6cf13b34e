import Foundation
import Testing
import ZorBADiagnostics
import ZorBATestSupport

@testable import ZorBAPlanning

/// Whatever stands in the file: an error, or a problem whose numbers can be worked with.
@Suite("Damaged instance files")
struct InstanceFuzzTests {
  @Test("are an error or a usable problem", arguments: 0..<8)
  func mutations(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    let originals = try (Goldens.names.map(Goldens.text) + [Self.rich]).map { Array($0.utf8) }
    var valid = 0
    for round in 0..<1000 {
      let original = originals[round % originals.count]
      let bytes =
        round % 8 < 4
        ? generator.mutated(original, within: original.indices)
        : Self.revalued(original, using: &generator)
      do {
        try check(try InstanceFile.parse(bytes))
        valid += 1
      } catch let error as ZorBAError {
        #expect(error.code == .invalidConfiguration)
        #expect(!error.message.isEmpty && error.description.utf8.count < 1500)
      }
    }
    // A test in which everything is refused would not reach what lies behind the parser.
    #expect(valid > 50)
  }

  /// The text with one number replaced by something else: what only the reader can find fault with.
  private static func revalued(
    _ bytes: [UInt8], using generator: inout SeededGenerator
  ) -> [UInt8] {
    let text = String(decoding: bytes, as: UTF8.self)
    let numbers = text.ranges(of: /[0-9.]+/)
    let values = [
      "0", "1", "2", "5", "0.5", "-1", "1e30", "1e31", "1e-300", "4096", "null", "true", "[]", "{}",
      "[1, 2, 3, 4]", "[[1, 1], [0, 2]]", "\"shared\"", "9223372036854775807", "-0", "1e308",
    ]
    guard let place = numbers.randomElement(using: &generator),
      let value = values.randomElement(using: &generator)
    else { return bytes }
    return Array(text.replacingCharacters(in: place, with: value).utf8)
  }

  /// What the planner relies on.
  private func check(_ instance: PlanningInstance) throws {
    let problem = instance.problem
    let clients = problem.clientCount
    let blocks = problem.blockCount
    #expect(instance.names.count == clients && Set(instance.names).count == clients)
    #expect(problem.sites.count == clients && problem.budgets.count == clients)
    #expect(problem.budgets.allSatisfy { $0 >= 0 })
    #expect(problem.epsilon.count == problem.stages.count - 1)
    #expect(abs(problem.convergence.weights.reduce(0, +) - 1) < 1e-9)
    for site in problem.sites {
      #expect(site.residentBytes.count == blocks && site.suffixSeconds.count == blocks)
      #expect(zip(site.prefixSeconds, site.suffixSeconds).allSatisfy { $0 <= $1 })
    }
    guard clients * blocks <= 64 else { return }
    let full = Array(repeating: Array(repeating: true, count: blocks), count: clients)
    let terms = problem.convergence.terms(rows: full)
    #expect(terms.value.isFinite)
    #expect(terms.bias.allSatisfy { $0 >= 0 })
    #expect(
      problem.sites.allSatisfy { $0.memory(full[0]).isFinite && $0.seconds(full[0]).isFinite })
  }

  private static let rich = """
    {"clients": 2, "blocks": 3, "block_parameters": 5, "gradient_energy": 1, "client_spread": 2,
     "sample_noise": [[1, 2, 3], 4], "lambda": 0.1, "seeding": "perClient", "weights": [1, 3],
     "budget_bytes": [null, 12], "stages": ["memory", "time"], "required": [[0, 1], [0, 2]],
     "forbidden": [[1, 0]], "together": [[2, 1]], "rotate": {"length": 4, "minimum_share": 0.5},
     "kurtosis": 3, "names": ["bank", "clinic"]}
    """
}
