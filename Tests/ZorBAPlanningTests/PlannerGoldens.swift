import Foundation
import ZorBAPlanning

/// Reference values of `Tools/planner_goldens.py`.
enum PlannerGoldens {
  struct Model: Decodable {
    var weights: [Double]
    var parameters: [Double]
    var energy: [Double]
    var spread: [Double]
    var noise: [[Double]]
    var lam: Double
    var directions: Int
    var shared: Bool
    var kurtosis: Double
    var minibatch: Bool

    var value: ConvergenceModel {
      ConvergenceModel(
        sensitivity: BlockSensitivity(
          gradientEnergy: energy, clientSpread: spread, sampleNoise: noise),
        parameters: parameters, weights: weights, varianceWeight: lam, directions: directions,
        seeding: shared ? .shared : .perClient, excessKurtosis: kurtosis,
        countsMinibatchNoise: minibatch)
    }
  }

  struct Convergence: Decodable {
    var model: Model
    var cycle: [[[Int]]]
    var window: Int
    var bias: [Double]
    var variance: [Double]

    var rows: [[[Bool]]] { cycle.map { $0.map { $0.map { $0 == 1 } } } }
  }

  struct Optimum: Decodable {
    struct Result: Decodable {
      var gamma: Double
      var memory: Double
      var gammaThere: Double

      enum CodingKeys: String, CodingKey {
        case gamma
        case memory
        case gammaThere = "gamma_there"
      }
    }

    var model: Model
    var resident: [Double]
    var fixed: [Double]
    var budget: [Double]
    var minClients: Int
    var epsilon: Double
    var result: Result?

    enum CodingKeys: String, CodingKey {
      case model
      case resident
      case fixed
      case budget
      case minClients = "min_clients"
      case epsilon
      case result
    }

    var problem: PlanningProblem {
      let blocks = resident.count
      return PlanningProblem(
        convergence: model.value,
        sites: fixed.map {
          SiteCosts(
            fixedBytes: $0, residentBytes: resident,
            prefixSeconds: Array(repeating: 1, count: blocks),
            suffixSeconds: Array(repeating: 4, count: blocks),
            activeSeconds: Array(repeating: 0, count: blocks))
        }, budgets: budget, minimumClients: minClients, stages: [.convergence, .memory],
        epsilon: [epsilon])
    }
  }

  static func load<Value: Decodable>(_ name: String) throws -> [Value] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
    let data = try Data(contentsOf: folder.appending(path: "Goldens/\(name).json"))
    return try JSONDecoder().decode([Value].self, from: data)
  }
}

/// Whether two numbers agree to a relative tolerance.
func isClose(_ first: Double, _ second: Double, relative: Double = 1e-9) -> Bool {
  abs(first - second) <= relative * max(1e-12, max(abs(first), abs(second)))
}
