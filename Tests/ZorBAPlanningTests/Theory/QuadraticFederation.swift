import ZorBAPlanning
import ZorBATestSupport

/// Clients with quadratic losses and minibatch noise, trained exactly as the algorithm says.
///
///     f_k(w; xi) = sum_b h_b / 2 |w_b - c_kb|^2 + xi·w
///
/// All clients have the same curvature, so that their gradients differ by the same vectors at every w,
/// and zeta_b^2 stays what it was while w moves. Directions and scalars come from this file alone: of
/// the planner's code only the type that holds sensitivities is used.
struct QuadraticFederation {
  /// d_b. [blocks]
  let sizes: [Int]
  /// Where each block starts among all parameters. [blocks]
  let offsets: [Int]
  /// h_b. [blocks]
  let curvature: [Double]
  /// c_k, the optimum of each client's data. [clients][parameters]
  let optima: [[Double]]
  /// sigma_kb^2. [clients][blocks]
  let noise: [[Double]]
  /// p_k, of sum 1. [clients]
  let weights: [Double]

  var clients: Int { optima.count }
  var blocks: Int { sizes.count }
  var parameters: Int { sizes.reduce(0, +) }

  func range(_ block: Int) -> Range<Int> { offsets[block]..<offsets[block] + sizes[block] }

  /// Random optima with a given mean squared distance of the clients' gradients from their mean.
  ///
  /// - Parameters:
  ///   - spread: zeta_b^2 about the unweighted mean. [blocks]
  ///   - noise: sigma_kb^2. [clients][blocks]
  ///   - weights: p_k up to a common factor; nil for equal ones. [clients]
  init(
    sizes: [Int], curvature: [Double]? = nil, spread: [Double], noise: [[Double]],
    weights: [Double]? = nil, seed: UInt64
  ) {
    var random = SeededGenerator(seed: seed)
    let clients = noise.count
    let curvature = curvature ?? sizes.map { _ in 1 }
    var offsets: [Int] = []
    var parameters = 0
    for size in sizes {
      offsets.append(parameters)
      parameters += size
    }
    var optima = (0..<clients).map { _ in random.normals(parameters) }
    for block in sizes.indices {
      let range = offsets[block]..<offsets[block] + sizes[block]
      var squares = 0.0
      for index in range {
        let mean = optima.reduce(0) { $0 + $1[index] } / Double(clients)
        for client in 0..<clients {
          optima[client][index] -= mean
          squares += optima[client][index] * optima[client][index] / Double(clients)
        }
      }
      let scale = (spread[block] / squares).squareRoot() / curvature[block]
      for client in 0..<clients {
        for index in range { optima[client][index] *= scale }
      }
    }
    self.sizes = sizes
    self.offsets = offsets
    self.curvature = curvature
    self.optima = optima
    self.noise = noise
    let weights = weights ?? Array(repeating: 1, count: clients)
    let total = weights.reduce(0, +)
    self.weights = weights.map { $0 / total }
  }

  /// A point at which the gradient of the unweighted mean loss has the given energies. [parameters]
  func point(energy: [Double], seed: UInt64) -> [Double] {
    var random = SeededGenerator(seed: seed)
    var point = random.normals(parameters)
    for block in 0..<blocks {
      let squares = range(block).reduce(0) { $0 + point[$1] * point[$1] }
      let scale = (energy[block] / squares).squareRoot() / curvature[block]
      for index in range(block) { point[index] *= scale }
    }
    return point
  }

  /// grad F at a point when row k of an assignment holds the data of client `labels[k]`. [parameters]
  func gradient(at point: [Double], labels: [Int]) -> [Double] {
    var gradient = point
    for block in 0..<blocks {
      for index in range(block) {
        var mean = 0.0
        for row in labels.indices { mean += weights[row] * optima[labels[row]][index] }
        gradient[index] = curvature[block] * (point[index] - mean)
      }
    }
    return gradient
  }

  /// What a planner that knows everything about this point would be told, for equal weights.
  func sensitivity(at point: [Double]) -> BlockSensitivity {
    let moments = labelMoments(at: point)
    let count = Double(clients)
    return BlockSensitivity(
      gradientEnergy: (0..<blocks).map { moments.pair[$0] + moments.spread[$0] / count },
      clientSpread: moments.spread.map { $0 * (count - 1) / count }, sampleNoise: noise)
  }

  /// All that random labels leave of the clients' gradients g_k, block by block: the mean product
  /// g_k·g_l of two different ones, and zu^2, the mean of g_k·g_k less that. [blocks] each
  func labelMoments(at point: [Double]) -> (pair: [Double], spread: [Double]) {
    let count = Double(clients)
    var result: (pair: [Double], spread: [Double]) = ([], [])
    for block in 0..<blocks {
      var own = 0.0
      var all = 0.0
      for index in range(block) {
        var sum = 0.0
        for optimum in optima {
          let slope = curvature[block] * (point[index] - optimum[index])
          own += slope * slope
          sum += slope
        }
        all += sum * sum
      }
      let pair = (all - own) / (count * (count - 1))
      result.pair.append(pair)
      result.spread.append(own / count - pair)
    }
    return result
  }

  /// |grad_b F|^2 for equal weights. [blocks]
  func energies(at point: [Double]) -> [Double] {
    let gradient = gradient(at: point, labels: Array(0..<clients))
    return (0..<blocks).map { range($0).reduce(0) { $0 + gradient[$1] * gradient[$1] } }
  }

  /// F at a point less the least F there is, for equal weights.
  func excessLoss(at point: [Double]) -> Double {
    zip(energies(at: point), curvature).reduce(0) { $0 + $1.0 / (2 * $1.1) }
  }

  /// A client's loss on a minibatch at a point moved by `step` times the masked direction.
  func loss(
    label: Int, row: [Bool], at point: [Double], step: Double, direction: [Double],
    minibatch: [Double]
  ) -> Double {
    var loss = 0.0
    let optimum = optima[label]
    for block in 0..<blocks {
      let move = row[block] ? step : 0
      for index in range(block) {
        let value = point[index] + move * direction[index]
        let distance = value - optimum[index]
        loss += curvature[block] / 2 * distance * distance + minibatch[index] * value
      }
    }
    return loss
  }
}
