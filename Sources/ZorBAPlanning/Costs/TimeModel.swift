/// Seconds of a site's part of a round, from what it computes.
///
///     forward = fixed + head 2P h + sum_{b < first} prefix o_b + sum_{b >= first} suffix 2P o_b
///             + sum_{b active} (active 2P o_b + generation P d_b)
///     update  = updateFixed + sum_{b updated} d_b (write + term T)
///
/// with operations o_b of a block and h of the head, parameters d_b, P directions and T terms
/// (algorithm, section 4). Blocks below the first active one see unperturbed input and are computed
/// once, the others in all 2P branches. Rates are per type of block: blocks of one shape share them,
/// so that a few measured rows say all. Since work enters as operations and parameters, rates that
/// were measured with one minibatch predict another one; what does not scale is in the constants.
package struct TimeModel: Sendable, Equatable {
  /// What a unit of work of one type of block costs.
  package struct BlockRates: Sendable, Equatable {
    /// Seconds for an operation of the single branch below the first active block.
    package var prefix: Double
    /// Seconds for an operation of one branch from there on.
    package var suffix: Double
    /// Seconds more for an operation of one branch when the block's weights are perturbed.
    package var active: Double
    /// Seconds to make one direction's value of one parameter.
    package var generation: Double
    /// Seconds of an update to bring in and write back one parameter.
    package var write: Double
    /// Seconds of an update for one term of one parameter.
    package var term: Double

    package init(
      prefix: Double, suffix: Double, active: Double = 0, generation: Double, write: Double,
      term: Double
    ) {
      self.prefix = prefix
      self.suffix = suffix
      self.active = active
      self.generation = generation
      self.write = write
      self.term = term
    }
  }

  /// Seconds of every step, whatever it computes.
  package var fixed: Double
  /// Seconds for an operation of the head.
  package var head: Double
  /// Seconds of every update, whatever it changes.
  package var updateFixed: Double
  /// The type of every block. [blocks]
  package var types: [Int]
  /// [types]
  package var rates: [BlockRates]

  package init(
    fixed: Double, head: Double, updateFixed: Double, types: [Int], rates: [BlockRates]
  ) {
    precondition(!types.isEmpty && types.allSatisfy(rates.indices.contains))
    self.fixed = fixed
    self.head = head
    self.updateFixed = updateFixed
    self.types = types
    self.rates = rates
  }

  package var blockCount: Int { types.count }

  /// Numbers blocks by their shape, given as any description that is equal for equal ones.
  package static func types<Shape: Hashable>(of shapes: [Shape]) -> [Int] {
    var numbers: [Shape: Int] = [:]
    return shapes.map { shape in
      let number = numbers[shape] ?? numbers.count
      numbers[shape] = number
      return number
    }
  }

  // MARK: - Predictions

  /// Seconds to evaluate one minibatch on both sides of every direction.
  package func forwardSeconds(_ assignment: StepAssignment, work: StepWork) -> Double {
    let columns = Self.forwardColumns(assignment, work: work, types: types)
    return zip(columns, forwardCoefficients).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// Seconds to add `terms` directions to some blocks. [blocks]
  package func updateSeconds(row: [Bool], outer: Bool, terms: Double, work: StepWork) -> Double {
    let columns = Self.updateColumns(
      row: row, outer: outer, terms: terms, work: work, types: types)
    return zip(columns, updateCoefficients).reduce(0) { $0 + $1.0 * $1.1 }
  }

  // MARK: - Linear form

  /// What the forward coefficients multiply: 1, head, then prefix, suffix, active, generation a type.
  static func forwardColumns(
    _ assignment: StepAssignment, work: StepWork, types: [Int]
  ) -> [Double] {
    let first = assignment.firstBranched
    let branches = assignment.branches
    let directions = Double(assignment.directions)
    var columns = [1, branches * work.headOperations]
    columns += [Double](repeating: 0, count: 4 * ((types.max() ?? 0) + 1))
    // What lies outside the blocks is no type of its own: it costs what a first block would.
    let entry = 2 + 4 * types[0]
    columns[entry + (assignment.outer ? 1 : 0)] +=
      (assignment.outer ? branches : 1) * work.entryOperations
    if assignment.outer { columns[entry + 3] += directions * work.outerParameters }
    for (block, type) in types.enumerated() {
      let place = 2 + 4 * type
      let operations = work.blockOperations[block]
      if block < first {
        columns[place] += operations
      } else {
        columns[place + 1] += branches * operations
      }
      guard assignment.row[block] else { continue }
      columns[place + 2] += branches * operations
      columns[place + 3] += directions * work.blockParameters[block]
    }
    return columns
  }

  private var forwardCoefficients: [Double] {
    [fixed, head] + rates.flatMap { [$0.prefix, $0.suffix, $0.active, $0.generation] }
  }

  /// What the update coefficients multiply: 1, then write, term a type.
  static func updateColumns(
    row: [Bool], outer: Bool, terms: Double, work: StepWork, types: [Int]
  ) -> [Double] {
    var columns = [1] + [Double](repeating: 0, count: 2 * ((types.max() ?? 0) + 1))
    func add(_ parameters: Double, type: Int) {
      columns[1 + 2 * type] += parameters
      columns[2 + 2 * type] += parameters * terms
    }
    if outer { add(work.outerParameters, type: types[0]) }
    for (block, type) in types.enumerated() where row[block] {
      add(work.blockParameters[block], type: type)
    }
    return columns
  }

  private var updateCoefficients: [Double] {
    [updateFixed] + rates.flatMap { [$0.write, $0.term] }
  }
}
