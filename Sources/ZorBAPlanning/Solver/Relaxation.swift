#if canImport(Glibc)
  import Glibc
#endif

/// A lower bound on Gamma, on bytes, or on both weighed, over all assignments that keep the budgets.
///
/// Pair terms are bounded by squared norms of sums over units (`PairFeatures`), and a squared norm by its
/// tangents: |X|^2 >= 2 <U, X> - |U|^2 for every U. With multipliers mu for the budgets every unit then
/// chooses its column by itself, and
///
///     sum_u min_c [ V_u(c) + tangent(c) + bytes ] - |U|^2 - mu . room
///
/// is a lower bound whatever U and mu >= 0 are. They are found by conditional gradients: U follows the
/// average of the columns chosen so far, mu what they take too much of room.
struct Relaxation: Sendable {
  /// What is minimised: `gamma` times Gamma plus `memory` times bytes over all clients.
  struct Weighting: Sendable, Equatable {
    var gamma = 1.0
    var memory = 0.0
  }

  /// Tangent and multipliers, by class of clients.
  struct Multipliers: Sendable {
    /// U on the diagonal. [classes]
    var diagonal: [Double]
    /// U elsewhere: pairs of members of two classes, or of one. [classes, classes]
    var pairs: [[Double]]
    /// The tangent of Y. [classes]
    var linear: [Double]
    /// mu. [classes]
    var room: [Double]
  }

  let space: SearchSpace
  let classes: ClientClasses
  /// Units that take part; the others are decided or left out.
  let units: [Int]
  private let weighting: Weighting
  private let scale: Double  // lambda / P
  private let xi: [Double]  // [units]
  private let eta: [[Double]]  // [units, classes]
  /// V: what a column costs by itself, its share of the squared norms taken off. [units][columns]
  private let alone: [[Double]]
  private let reciprocal: [Double]  // 1 / N [columns]
  private let rootWeights: [Double]  // sqrt(p) [classes]

  init(
    _ space: SearchSpace, classes: ClientClasses, units: [Int]? = nil,
    weighting: Weighting = Weighting(), alpha: Double = 1
  ) {
    self.space = space
    self.classes = classes
    let units = units ?? Array(0..<space.unitCount)
    self.units = units
    self.weighting = weighting
    let model = space.model
    scale = model.varianceWeight / model.directions
    let features = PairFeatures(model, alpha: alpha)
    let first = classes.classes.map { $0.members[0] }
    let weights = first.map { model.weights[$0] }
    rootWeights = weights.map { sqrt($0) }
    xi = units.map { space.units[$0].reduce(0) { $0 + features.xi[$1] } }
    eta = units.map { unit in
      first.map { client in space.units[unit].reduce(0) { $0 + features.eta[client][$1] } }
    }
    reciprocal = classes.counts.map { counts in
      let total = zip(counts, weights).reduce(0) { $0 + Double($1.0) * $1.1 }
      return total > 0 ? 1 / total : 0
    }
    var alone: [[Double]] = []
    for (position, unit) in units.enumerated() {
      alone.append(
        Self.columnCosts(
          space, classes: classes, unit: unit, xi: xi[position], eta: eta[position],
          reciprocal: reciprocal))
    }
    self.alone = alone
  }

  private static func columnCosts(
    _ space: SearchSpace, classes: ClientClasses, unit: Int, xi: Double, eta: [Double],
    reciprocal: [Double]
  ) -> [Double] {
    let pairs = ColumnCost(space, unit: unit)
    let scale = space.model.varianceWeight / space.model.directions
    return classes.counts.indices.map { column in
      let counts = classes.counts[column]
      var total = 0
      for (one, count) in zip(classes.classes, counts) {
        if count > 0, !one.isAllowed[unit] { return .infinity }
        if count < one.requiredCount[unit] { return .infinity }
        total += count
      }
      if total == 0 {
        guard space.allowsResting else { return .infinity }
        return pairs.restingCost
      }
      guard total >= space.minimumClients else { return .infinity }
      let exact = pairs.cost(counts, classes: classes.classes)
      var squares = xi * xi
      for (count, value) in zip(counts, eta) where count > 0 {
        squares += Double(count) * value * value * reciprocal[column] * reciprocal[column]
      }
      return exact - scale * squares
    }
  }

  /// How much a unit's pairs weigh.
  func influence(_ position: Int) -> Double {
    xi[position] + (eta[position].reduce(0, +) / Double(max(1, eta[position].count)))
  }

  /// Multipliers of nothing: every pair term is dropped.
  var zero: Multipliers {
    let count = classes.classes.count
    return Multipliers(
      diagonal: Array(repeating: 0, count: count),
      pairs: Array(repeating: Array(repeating: 0, count: count), count: count),
      linear: Array(repeating: 0, count: count), room: Array(repeating: 0, count: count))
  }

  /// The bound at given multipliers, and the column every unit chose. An infinite bound says that a
  /// unit has no column at all.
  func bound(at multipliers: Multipliers) -> (value: Double, columns: [Int]) {
    let (constant, shape) = prepared(multipliers)
    var value = constant
    var columns: [Int] = []
    columns.reserveCapacity(units.count)
    for position in units.indices {
      let (least, column) = choice(position, multipliers, shape: shape)
      value += least
      columns.append(column)
    }
    return (value, columns)
  }

  /// -|U|^2 - mu . room, and <U, ψψ'> by column.
  private func prepared(_ multipliers: Multipliers) -> (Double, [Double]) {
    let members = classes.classes.map { Double($0.members.count) }
    var norm = 0.0
    var room = 0.0
    for i in members.indices {
      norm += members[i] * multipliers.diagonal[i] * multipliers.diagonal[i]
      norm += members[i] * multipliers.linear[i] * multipliers.linear[i]
      for j in members.indices {
        let pairs = i == j ? members[i] * (members[i] - 1) : members[i] * members[j]
        norm += pairs * multipliers.pairs[i][j] * multipliers.pairs[i][j]
      }
      if multipliers.room[i] > 0 {
        room += multipliers.room[i] * members[i] * classes.classes[i].capacity
      }
    }
    var shape = [Double](repeating: 0, count: classes.counts.count)
    for column in shape.indices.dropFirst() {
      let counts = classes.counts[column]
      let i = classes.step[column]
      var rise =
        rootWeights[i]
        * (multipliers.diagonal[i] + 2 * multipliers.pairs[i][i] * Double(counts[i] - 1))
      for j in counts.indices where j != i && counts[j] > 0 {
        rise += 2 * rootWeights[j] * multipliers.pairs[i][j] * Double(counts[j])
      }
      shape[column] = shape[classes.parent[column]] + rootWeights[i] * rise
    }
    return (-weighting.gamma * scale * norm - room, shape)
  }

  /// The cheapest column of a unit.
  private func choice(
    _ position: Int, _ multipliers: Multipliers, shape: [Double]
  ) -> (Double, Int) {
    let unit = units[position]
    let tangent = zip(multipliers.linear, eta[position]).map { $0 * $1 }
    let bytes = classes.classes.indices.map { i in
      (multipliers.room[i] + weighting.memory) * classes.classes[i].resident[unit]
    }
    let alone = alone[position]
    let xi = xi[position]
    let twice = 2 * scale * weighting.gamma
    var linear = [Double](repeating: 0, count: alone.count)
    var paid = linear
    var least = Double.infinity
    var chosen = 0
    for column in alone.indices {
      if column > 0 {
        let parent = classes.parent[column]
        let i = classes.step[column]
        linear[column] = linear[parent] + tangent[i]
        paid[column] = paid[parent] + bytes[i]
      }
      let value =
        weighting.gamma * alone[column] + twice * reciprocal[column]
        * (xi * shape[column] + linear[column]) + paid[column]
      if value < least {
        least = value
        chosen = column
      }
    }
    return (least, chosen)
  }

  /// What every column of every unit contributes at given multipliers, the price of room included, and
  /// the constant -|U|^2. [units][columns]
  func contributions(at multipliers: Multipliers) -> (constant: Double, values: [[Double]]) {
    let (constant, shape) = prepared(multipliers)
    var room = 0.0
    for (i, one) in classes.classes.enumerated() where multipliers.room[i] > 0 {
      room += multipliers.room[i] * Double(one.members.count) * one.capacity
    }
    return (
      constant + room, units.indices.map { values(of: $0, multipliers, shape: shape) }
    )
  }

  private func values(
    of position: Int, _ multipliers: Multipliers, shape: [Double]
  ) -> [Double] {
    let unit = units[position]
    let bytes = classes.classes.indices.map { i in
      (multipliers.room[i] + weighting.memory) * classes.classes[i].resident[unit]
    }
    let twice = 2 * scale * weighting.gamma
    return alone[position].indices.map { column in
      var linear = 0.0
      var paid = 0.0
      for (i, count) in classes.counts[column].enumerated() where count > 0 {
        linear += Double(count) * multipliers.linear[i] * eta[position][i]
        paid += Double(count) * bytes[i]
      }
      return weighting.gamma * alone[position][column] + twice * reciprocal[column]
        * (xi[position] * shape[column] + linear) + paid
    }
  }

  /// The best bound found in a number of steps, and where it was found.
  func optimised(steps: Int, from start: Multipliers? = nil) -> (value: Double, at: Multipliers) {
    var multipliers = start ?? zero
    var average = multipliers
    var best = (value: -Double.infinity, at: multipliers)
    var load = classes.classes.map { _ in 0.0 }
    var base = multipliers.room
    let room = classes.classes.map { Double($0.members.count) * $0.capacity }
    var penalty = 0.0
    for step in 0..<steps {
      let (value, columns) = bound(at: multipliers)
      if value == .infinity { return (.infinity, multipliers) }
      if value > best.value { best = (value, multipliers) }
      let chosen = features(of: columns)
      let rate = step == 0 && start == nil ? 1 : 2 / Double(step + 2 + (start == nil ? 0 : 8))
      Self.move(&average, towards: chosen.multipliers, by: rate)
      for i in load.indices { load[i] += rate * (chosen.load[i] - load[i]) }
      if penalty == 0 {
        // A unit of violation costs about what the whole objective would, once over.
        let total = load.reduce(0, +)
        penalty = 2 * max(abs(value), 1e-12) / max(1e-12, total * total / Double(load.count))
      }
      multipliers = average
      for i in load.indices where room[i].isFinite {
        multipliers.room[i] = max(0, base[i] + penalty * (load[i] - room[i]))
      }
      if step % 40 == 39 { base = multipliers.room.map { $0 } }
    }
    return best
  }

  /// The features of a choice of columns, summed over units, and the bytes it takes of every class.
  private func features(of columns: [Int]) -> (multipliers: Multipliers, load: [Double]) {
    var sum = zero
    var load = sum.room
    for (position, column) in columns.enumerated() {
      let counts = classes.counts[column]
      let share = xi[position] * reciprocal[column]
      for i in counts.indices where counts[i] > 0 {
        let members = Double(classes.classes[i].members.count)
        let n = Double(counts[i])
        let p = rootWeights[i] * rootWeights[i]
        sum.diagonal[i] += share * p * n / members
        sum.linear[i] += eta[position][i] * reciprocal[column] * n / members
        if members > 1 { sum.pairs[i][i] += share * p * n * (n - 1) / (members * (members - 1)) }
        for j in counts.indices where j != i && counts[j] > 0 {
          let others = Double(classes.classes[j].members.count)
          sum.pairs[i][j] +=
            share * rootWeights[i] * rootWeights[j] * n * Double(counts[j]) / (members * others)
        }
        load[i] += n * classes.classes[i].resident[units[position]]
      }
    }
    return (sum, load)
  }

  private static func move(_ value: inout Multipliers, towards goal: Multipliers, by rate: Double) {
    for i in value.diagonal.indices {
      value.diagonal[i] += rate * (goal.diagonal[i] - value.diagonal[i])
      value.linear[i] += rate * (goal.linear[i] - value.linear[i])
      for j in value.pairs[i].indices {
        value.pairs[i][j] += rate * (goal.pairs[i][j] - value.pairs[i][j])
      }
    }
  }
}
