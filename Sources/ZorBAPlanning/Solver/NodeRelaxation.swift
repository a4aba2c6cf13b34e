#if canImport(Glibc)
  import Glibc
#endif

/// The relaxation's lower bound at one node of branch and bound, fitted to what is already assigned.
///
/// The same tangents as `Relaxation`, client by client instead of class by class: columns that are set
/// make clients differ, and a tangent that knows it is far better than the root's. A few conditional
/// gradient steps, warm-started from the parent, end as soon as the node can be cut.
struct NodeRelaxation {
  /// U, its linear companion, and the price of room. The tangent's point of contact.
  struct Tangent: Sendable {
    var pairs: [Double]  // [clients, clients]
    var linear: [Double]  // [clients]
    var price: [Double]  // [clients]
  }

  private let clients: Int
  private let masks: Int
  private let scale: Double  // lambda / P
  private let roots: [Double]  // sqrt(p) [clients]
  private let xi: [Double]  // [units]
  private let eta: [[Double]]  // [units][clients]
  private let resident: [[Double]]  // [units][clients]
  private let reciprocal: [Double]  // 1 / N [masks]
  /// The share of the squared norms that a unit has by itself. [units][masks]
  private let diagonal: [[Double]]
  private var shape: [Double]
  /// The tangent's linear part and the price of room, side by side. [masks, 2]
  private var sums: [Double]

  init(_ space: SearchSpace, units: [Int], order: [Int], alpha: Double) {
    let features = PairFeatures(space.model, alpha: alpha)
    let model = space.model
    clients = order.count
    masks = 1 << order.count
    scale = model.varianceWeight / model.directions
    let weights = order.map { model.weights[$0] }
    roots = weights.map { sqrt($0) }
    xi = units.map { space.units[$0].reduce(0) { $0 + features.xi[$1] } }
    eta = units.map { unit in
      order.map { client in space.units[unit].reduce(0) { $0 + features.eta[client][$1] } }
    }
    resident = units.map { unit in order.map { space.resident[$0][unit] } }
    var total = [Double](repeating: 0, count: masks)
    for mask in 1..<masks {
      total[mask] = total[mask & (mask - 1)] + weights[mask.trailingZeroBitCount]
    }
    reciprocal = total.map { $0 > 0 ? 1 / $0 : 0 }
    var diagonal: [[Double]] = []
    for index in units.indices {
      var squares = [Double](repeating: 0, count: masks)
      for mask in 1..<masks {
        let value = eta[index][mask.trailingZeroBitCount]
        squares[mask] = squares[mask & (mask - 1)] + value * value
      }
      var shares = squares
      for mask in 1..<masks {
        let inverse = reciprocal[mask]
        shares[mask] = scale * (xi[index] * xi[index] + squares[mask] * inverse * inverse)
      }
      diagonal.append(shares)
    }
    self.diagonal = diagonal
    shape = [Double](repeating: 0, count: masks)
    sums = [Double](repeating: 0, count: 2 * masks)
  }

  /// A tangent that tells classes of clients apart only, client by client.
  func expanded(
    _ multipliers: Relaxation.Multipliers, classes: ClientClasses, order: [Int]
  ) -> Tangent {
    var classOf: [Int: Int] = [:]
    for (index, one) in classes.classes.enumerated() {
      for member in one.members { classOf[member] = index }
    }
    var tangent = zero
    for (k, client) in order.enumerated() {
      guard let i = classOf[client] else { continue }
      tangent.linear[k] = multipliers.linear[i]
      tangent.price[k] = multipliers.room[i]
      for (l, other) in order.enumerated() {
        guard let j = classOf[other] else { continue }
        tangent.pairs[k * clients + l] =
          k == l ? multipliers.diagonal[i] : multipliers.pairs[i][j]
      }
    }
    return tangent
  }

  /// Contact at the origin.
  var zero: Tangent {
    Tangent(
      pairs: Array(repeating: 0, count: clients * clients),
      linear: Array(repeating: 0, count: clients), price: Array(repeating: 0, count: clients))
  }

  /// Raises the bound on Gamma of the open units until it passes `target` or the steps are used up.
  ///
  /// - Parameters:
  ///   - depth: The first open unit.
  ///   - costs: Costs of the open units' columns. [open units][masks]
  ///   - fitting: Clients with room for each open unit. [open units]
  ///   - room: Bytes left. [clients]
  /// - Returns: The best bound, and the tangent for the node's children.
  mutating func bound(
    depth: Int, costs: [[Double]], fitting: [Int], room: [Double], from start: Tangent,
    target: Double, steps: Int, warmth: Int = 8
  ) -> (value: Double, tangent: Tangent) {
    let open = costs.count
    var average = start
    let shrink = Double(open) / Double(open + 1)
    for index in average.pairs.indices { average.pairs[index] *= shrink }
    for index in average.linear.indices { average.linear[index] *= shrink }
    var best = -Double.infinity
    var bestTangent = average
    var stale = 0
    var load = room  // what the averaged choice takes; starts where the price is right
    let slope = priceSlope(room: room, target: target)
    for step in 0..<steps {
      prepare(average)
      var value = -scale * norm(average)
      var gradient = zero
      var taken = [Double](repeating: 0, count: clients)
      for position in 0..<clients { value -= average.price[position] * room[position] }
      for index in 0..<open {
        let (least, mask) = choice(
          depth + index, costs: costs[index], within: fitting[index], average)
        if least == .infinity { return (.infinity, average) }
        value += least
        add(depth + index, mask: mask, to: &gradient, load: &taken)
      }
      if best == -.infinity || value > best + 1e-9 * abs(best) {
        best = value
        bestTangent = average
        stale = 0
      } else {
        stale += 1
      }
      if best >= target || stale >= 6 { break }
      // Hopeless: far below, and the tangent was warm.
      let rate = 2 / Double(step + warmth)
      for index in average.pairs.indices {
        average.pairs[index] += rate * (gradient.pairs[index] - average.pairs[index])
      }
      for position in 0..<clients {
        average.linear[position] += rate * (gradient.linear[position] - average.linear[position])
        guard room[position].isFinite else { continue }
        load[position] += rate * (taken[position] - load[position])
        average.price[position] = max(
          0, start.price[position] + slope * (load[position] - room[position]))
      }
    }
    return (best, bestTangent)
  }

  /// The bound at a tangent for every column of the first open unit: what a child that takes it would
  /// have as its bound at least. [masks]
  mutating func childBounds(
    depth: Int, costs: [[Double]], fitting: [Int], room: [Double], at tangent: Tangent
  ) -> [Double] {
    prepare(tangent)
    var rest = -scale * norm(tangent)
    for position in 0..<clients { rest -= tangent.price[position] * room[position] }
    for index in 1..<max(1, costs.count) {
      rest += choice(depth + index, costs: costs[index], within: fitting[index], tangent).0
    }
    // Leaves the first unit's linear parts in place.
    _ = choice(depth, costs: costs[0], within: fitting[0], tangent)
    let xi = 2 * scale * xi[depth]
    return costs[0].indices.map { mask in
      rest + costs[0][mask] - diagonal[depth][mask]
        + reciprocal[mask] * (xi * shape[mask] + sums[2 * mask]) + sums[2 * mask + 1]
    }
  }

  private func priceSlope(room: [Double], target: Double) -> Double {
    let total = room.reduce(0) { $0 + ($1.isFinite ? max(0, $1) : 0) }
    guard total > 0, target.isFinite else { return 0 }
    return 4 * target * Double(clients) / (total * total)
  }

  private func norm(_ tangent: Tangent) -> Double {
    var norm = 0.0
    for value in tangent.pairs { norm += value * value }
    for value in tangent.linear { norm += value * value }
    return norm
  }

  private mutating func prepare(_ tangent: Tangent) {
    for mask in 1..<masks {
      let rest = mask & (mask - 1)
      let k = mask.trailingZeroBitCount
      var row = tangent.pairs[k * clients + k] * roots[k]
      var others = rest
      while others != 0 {
        let l = others.trailingZeroBitCount
        row += 2 * tangent.pairs[k * clients + l] * roots[l]
        others &= others - 1
      }
      shape[mask] = shape[rest] + roots[k] * row
    }
  }

  private mutating func choice(
    _ unit: Int, costs: [Double], within fitting: Int, _ tangent: Tangent
  ) -> (Double, Int) {
    let twice = 2 * scale
    let xi = twice * xi[unit]
    let eta = eta[unit]
    let resident = resident[unit]
    var step = [Double](repeating: 0, count: clients)
    for k in 0..<clients { step[k] = twice * eta[k] * tangent.linear[k] }
    let outside = ~fitting
    let masks = masks
    var least = Double.infinity
    var chosen = 0
    // The innermost loop of the whole search: no bounds checks, no reference counts.
    sums.withUnsafeMutableBufferPointer { sums in
      for mask in 1..<masks {
        let k = mask.trailingZeroBitCount
        let rest = mask & (mask - 1)
        sums[2 * mask] = sums[2 * rest] + step[k]
        sums[2 * mask + 1] = sums[2 * rest + 1] + tangent.price[k] * resident[k]
      }
    }
    sums.withUnsafeBufferPointer { sums in
      diagonal[unit].withUnsafeBufferPointer { diagonal in
        reciprocal.withUnsafeBufferPointer { reciprocal in
          shape.withUnsafeBufferPointer { shape in
            costs.withUnsafeBufferPointer { costs in
              for mask in 0..<masks where mask & outside == 0 {
                let value =
                  costs[mask] - diagonal[mask]
                  + reciprocal[mask] * (xi * shape[mask] + sums[2 * mask]) + sums[2 * mask + 1]
                if value < least {
                  least = value
                  chosen = mask
                }
              }
            }
          }
        }
      }
    }
    return (least, chosen)
  }

  private func add(
    _ unit: Int, mask: Int, to tangent: inout Tangent, load: inout [Double]
  ) {
    let share = xi[unit] * reciprocal[mask]
    for k in 0..<clients where mask >> k & 1 == 1 {
      tangent.linear[k] += eta[unit][k] * reciprocal[mask]
      load[k] += resident[unit][k]
      for l in 0..<clients where mask >> l & 1 == 1 {
        tangent.pairs[k * clients + l] += share * roots[k] * roots[l]
      }
    }
  }
}
