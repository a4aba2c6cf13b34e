import ZorBAPlanning
import ZorBATestSupport

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Clients with linear losses, f_k(w) = g_k·w, whose minibatch gradients carry normal noise.
///
/// A central difference of a linear or quadratic loss is exactly the slope, so these scalars are
/// those of a quadratic federation too.
struct LinearFederation {
  /// g_k, by block. [clients][blocks][dimensions]
  let gradients: [[[Double]]]
  /// sigma_kb^2, the variance of a whole minibatch's gradient. [clients][blocks]
  let noise: [[Double]]
  let weights: [Double]

  var clients: Int { gradients.count }
  var blocks: Int { gradients[0].count }

  /// - Parameters:
  ///   - energy: |mean_k g_kb|^2. [blocks]
  ///   - spread: mean_k |g_kb - mean|^2. [blocks]
  ///   - noise: sigma_kb^2. [clients][blocks]
  init(
    energy: [Double], spread: [Double], noise: [[Double]], weights: [Double]? = nil,
    dimensions: Int = 48, seed: UInt64
  ) {
    var random = SeededGenerator(seed: seed)
    let clients = noise.count
    let mean = energy.map { Self.vector(dimensions, squaredNorm: $0, using: &random) }
    var gradients = (0..<clients).map { _ in mean }
    for block in energy.indices where clients > 1 {
      var deviations = (0..<clients).map { _ in random.normals(dimensions) }
      for index in 0..<dimensions {
        let mean = deviations.reduce(0) { $0 + $1[index] } / Double(clients)
        for client in deviations.indices { deviations[client][index] -= mean }
      }
      let squares = deviations.joined().reduce(0) { $0 + $1 * $1 } / Double(clients)
      let scale = (spread[block] / squares).squareRoot()
      for client in deviations.indices {
        for index in 0..<dimensions {
          gradients[client][block][index] += scale * deviations[client][index]
        }
      }
    }
    self.gradients = gradients
    self.noise = noise
    let weights = weights ?? Array(repeating: 1, count: clients)
    let total = weights.reduce(0, +)
    self.weights = weights.map { $0 / total }
  }

  private static func vector(
    _ count: Int, squaredNorm: Double, using random: inout SeededGenerator
  ) -> [Double] {
    let values = random.normals(count)
    let scale = (squaredNorm / values.reduce(0) { $0 + $1 * $1 }).squareRoot()
    return values.map { scale * $0 }
  }

  /// grad_b F. [dimensions]
  private func mean(_ block: Int) -> [Double] {
    gradients[0][block].indices.map { index in
      zip(gradients, weights).reduce(0) { $0 + $1.1 * $1.0[block][index] }
    }
  }

  /// G_b. [blocks]
  var gradientEnergy: [Double] {
    (0..<blocks).map { mean($0).reduce(0) { $0 + $1 * $1 } }
  }

  /// zeta_b^2 about the weighted mean. [blocks]
  var clientSpread: [Double] {
    (0..<blocks).map { block in
      let mean = mean(block)
      return gradients.reduce(0) { sum, client in
        sum + zip(client[block], mean).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      } / Double(clients)
    }
  }

  /// G_b and zeta_b^2 averaged over all ways to deal the gradients to the clients, which is all that
  /// rounds can know of them; for equal weights no average is needed. [blocks]
  var overLabels: (energy: [Double], spread: [Double]) {
    let count = Double(clients)
    let squares = weights.reduce(0) { $0 + $1 * $1 }
    var result: (energy: [Double], spread: [Double]) = ([], [])
    for block in 0..<blocks {
      let own = gradients.reduce(0) { $0 + $1[block].reduce(0) { $0 + $1 * $1 } } / count
      var total = 0.0
      for index in gradients[0][block].indices {
        let sum = gradients.reduce(0) { $0 + $1[block][index] }
        total += sum * sum
      }
      // Products of two different clients.
      let pair = (total - count * own) / (count * (count - 1))
      result.energy.append(pair + squares * (own - pair))
      result.spread.append((own - pair) * (1 - 2 / count + squares))
    }
    return result
  }

  /// The mean over clients of sigma_kb^2. [blocks]
  var meanNoise: [Double] {
    (0..<blocks).map { block in noise.reduce(0) { $0 + $1[block] } / Double(clients) }
  }

  var sensitivity: BlockSensitivity {
    BlockSensitivity(
      gradientEnergy: gradientEnergy, clientSpread: clientSpread, sampleNoise: noise)
  }

  /// Halved scalars of all clients in one direction of their own blocks. [clients]
  func scalars(
    rows: [[Bool]], shared: Bool = true, using random: inout SeededGenerator
  ) -> [HalvedScalar] {
    let common = shared ? direction(using: &random) : []
    return gradients.indices.map { client in
      let z = shared ? common : direction(using: &random)
      var slope = 0.0
      var variance = 0.0
      for block in 0..<blocks where rows[client][block] {
        let gradient = gradients[client][block]
        var squares = 0.0
        for index in gradient.indices {
          slope += gradient[index] * z[block][index]
          squares += z[block][index] * z[block][index]
        }
        // Noise is the same in every dimension.
        variance += noise[client][block] * squares / Double(gradient.count)
      }
      // A half has twice the variance of the whole.
      let error = (2 * variance).squareRoot()
      return HalvedScalar(
        first: slope + error * random.normal(), second: slope + error * random.normal())
    }
  }

  private func direction(using random: inout SeededGenerator) -> [[Double]] {
    gradients[0].map { random.normals($0.count) }
  }

  /// A round of random rows, each block active with probability 1/2 and none empty.
  func round(
    directions: Int = 1, shared: Bool = true, using random: inout SeededGenerator
  ) -> RoundObservation {
    let rows = (0..<clients).map { _ in
      var row = (0..<blocks).map { _ in Bool.random(using: &random) }
      row[Int.random(in: 0..<blocks, using: &random)] = true
      return row
    }
    return round(rows: rows, directions: directions, shared: shared, using: &random)
  }

  func round(
    rows: [[Bool]], directions: Int = 1, shared: Bool = true, using random: inout SeededGenerator
  ) -> RoundObservation {
    let scalars = (0..<directions).map { _ in
      self.scalars(rows: rows, shared: shared, using: &random)
    }
    return RoundObservation(
      participants: rows.indices.map { client in
        .init(client: client, row: rows[client], scalars: scalars.map { $0[client] })
      })
  }
}

extension SeededGenerator {
  /// A standard normal number, by Box and Muller.
  mutating func normal() -> Double {
    let radius = (-2 * log(1 - Double.random(in: 0..<1, using: &self))).squareRoot()
    return radius * cos(2 * Double.pi * Double.random(in: 0..<1, using: &self))
  }

  mutating func normals(_ count: Int) -> [Double] { (0..<count).map { _ in normal() } }
}

/// Mean and its standard error.
struct Sample {
  private(set) var values: [Double] = []

  mutating func append(_ value: Double) { values.append(value) }

  var mean: Double { values.reduce(0, +) / Double(values.count) }
  var variance: Double {
    let mean = mean
    return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
  }
  var standardError: Double { (variance / Double(values.count)).squareRoot() }
}

func exponential(_ x: Double) -> Double { exp(x) }
