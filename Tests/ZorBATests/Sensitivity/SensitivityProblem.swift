import Testing
import ZorBAData
import ZorBAFederation
import ZorBAJSON
import ZorBAModels
import ZorBAOptimization
import ZorBAPlanning
import ZorBATensor
import ZorBATestSupport

@testable import ZorBA

/// The tiny Llama of Goldens/gradient with labelled sequences at three sites, and, from another
/// implementation in binary64, the inner products of their gradients (Tools/sensitivity_gradients.py).
struct SensitivityProblem {
  private let working: WorkingModel
  let clients: [FederationClient]
  var configuration: RunConfiguration
  /// Places of each client's examples in the gram matrices. [clients]
  private let places: [[Int]]
  /// [blocks][examples][examples]
  private let gram: [[[Double]]]

  init(batchSize: Int, weights: [Double] = [8, 6, 4]) throws {
    let goldens =
      #filePath.split(separator: "/").dropLast(2).reduce("") { $0 + "/" + $1 } + "/Goldens"
    working = try WorkingModel(
      path: goldens + "/gradient", context: ComputeContext(threads: 1))
    let json = try JSONParser.parse(
      contents(of: goldens + "/sensitivity.json"), file: "sensitivity.json")
    gram = try #require(json["gram"]?.array).map { block in
      try #require(block.array).map { row in try #require(row.array).compactMap(\.double) }
    }
    let candidates = try #require(json["candidates"]?.array).compactMap(\.integer)
    let rows = try #require(json["examples"]?.array)
    var examples: [[EncodedExample]] = [[], [], []]
    var places: [[Int]] = [[], [], []]
    for (place, row) in rows.enumerated() {
      let site = try #require(row["site"]?.integer)
      let tokens = try #require(row["tokens"]?.array).compactMap(\.integer).map(Int32.init)
      examples[site].append(
        EncodedExample(
          context: tokens, continuations: candidates.map { [Int32($0)] },
          answer: row["answer"]?.integer, line: place + 1))
      places[site].append(place)
    }
    self.places = places
    clients = examples.enumerated().map { index, examples in
      FederationClient(
        name: "site-\(index)", examples: examples,
        sampler: MinibatchSampler(
          exampleCount: examples.count, batchSize: batchSize, seed: UInt64(index + 1)),
        weight: weights[index])
    }
    configuration = RunConfiguration(model: goldens, data: DataFiles(train: []), out: "")
    configuration.method.mu = 4e-3
    configuration.method.learningRate = 1e-30
    configuration.batch.size = batchSize
    configuration.rounds = 10_000
  }

  var model: Model { working.model }
  var blocks: Int { gram.count }

  private var weights: [Double] {
    let total = clients.reduce(0) { $0 + $1.weight }
    return clients.map { $0.weight / total }
  }

  /// g_k·g_l of the clients' mean gradients.
  private func product(_ block: Int, _ k: Int, _ l: Int) -> Double {
    var sum = 0.0
    for i in places[k] { for j in places[l] { sum += gram[block][i][j] } }
    return sum / Double(places[k].count * places[l].count)
  }

  /// |sum_k v_k g_k|^2.
  private func energy(_ block: Int, _ v: [Double]) -> Double {
    var sum = 0.0
    for k in v.indices { for l in v.indices { sum += v[k] * v[l] * product(block, k, l) } }
    return sum
  }

  /// G, zeta^2, and sigma^2 of minibatches drawn without replacement, exactly.
  var truth: BlockSensitivity {
    let p = weights
    return BlockSensitivity(
      gradientEnergy: (0..<blocks).map { energy($0, p) },
      clientSpread: (0..<blocks).map { block in
        p.indices.reduce(0) { sum, client in
          var v = p.map { -$0 }
          v[client] += 1
          return sum + energy(block, v)
        } / Double(p.count)
      },
      sampleNoise: places.indices.map { client in
        (0..<blocks).map { block in
          let count = Double(places[client].count)
          let squares = places[client].reduce(0) { $0 + gram[block][$1][$1] }
          let variance = (squares - count * product(block, client, client)) / (count - 1)
          let batch = count / Double(clients[client].sampler.batchesPerEpoch)
          return variance / batch * (1 - batch / count)
        }
      })
  }

  /// A session with a random row for every client in every round of a long cycle.
  func session(seed: UInt64) throws -> (session: TrainingSession, plan: ActivationPlan) {
    var random = SeededGenerator(seed: seed)
    let plan = ActivationPlan(
      cycle: try (0..<200).map { _ in
        try ActivationMatrix(
          rows: clients.map { _ in
            [[true, false], [false, true], [true, true]].randomElement(using: &random) ?? []
          })
      }, window: 1)
    let session = try TrainingSession(
      .init(
        model: model, clients: clients, plan: plan, configuration: configuration,
        runKey: RunKey(seed: seed), context: model.compute))
    return (session, plan)
  }
}
