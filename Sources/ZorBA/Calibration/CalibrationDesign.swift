import ZorBAData
import ZorBAPlanning

/// Which steps a calibration times: few, and each telling something that the others do not.
///
/// Rows that begin early and late separate what is computed once from what every branch pays; rows of
/// one and of many active blocks separate perturbing from computing; half the minibatch and another
/// number of directions separate what grows with them from what does not.
struct CalibrationDesign {
  /// One kind of step.
  struct Step: Hashable {
    let assignment: StepAssignment
    /// Sequences of the minibatch.
    let batch: Int
    /// Whether the fit does without it, to be checked on it.
    let isHeldOut: Bool
  }

  let steps: [Step]

  /// - Parameters:
  ///   - blocks: Transformer blocks, at least one.
  ///   - batch: Sequences of the minibatch to calibrate for.
  ///   - directions: Directions of a step to calibrate for.
  ///   - outer: Whether what lies outside the transformer blocks is active in every step.
  init(blocks: Int, batch: Int, directions: Int, outer: Bool) {
    var steps: [Step] = []
    func add(
      _ active: some Sequence<Int>, batch: Int, directions: Int, heldOut: Bool = false
    ) {
      var row = [Bool](repeating: false, count: blocks)
      for block in active { row[block] = true }
      let assignment = StepAssignment(row: row, outer: outer, directions: directions)
      guard !steps.contains(where: { $0.assignment == assignment && $0.batch == batch }) else {
        return
      }
      steps.append(Step(assignment: assignment, batch: batch, isHeldOut: heldOut))
    }
    let last = blocks - 1
    let quarter = blocks - (blocks + 3) / 4
    add(0..<blocks, batch: batch, directions: directions)
    add([0], batch: batch, directions: directions)
    add([last], batch: batch, directions: directions)
    add([blocks / 2], batch: batch, directions: directions)
    add(quarter..<blocks, batch: batch, directions: directions)
    add(stride(from: 0, to: blocks, by: 2), batch: batch, directions: directions)
    let half = batch / 2
    if half > 0 {
      add(0..<blocks, batch: half, directions: directions)
      add([last], batch: half, directions: directions)
    }
    let other = directions == 1 ? 2 : directions / 2
    add(0..<blocks, batch: batch, directions: other)
    add([last], batch: batch, directions: other)
    // What is left to check on, of rows that plans are made of.
    add(blocks / 2..<blocks, batch: batch, directions: directions, heldOut: true)
    add([blocks / 4], batch: batch, directions: directions, heldOut: true)
    add([0, last], batch: batch, directions: directions, heldOut: true)
    add(
      stride(from: blocks / 3, to: blocks, by: 2), batch: batch, directions: directions,
      heldOut: true)
    add(0..<(blocks + 1) / 2, batch: batch, directions: directions, heldOut: true)
    if half > 0 { add(blocks / 2..<blocks, batch: half, directions: directions, heldOut: true) }
    add(blocks / 2..<blocks, batch: batch, directions: other, heldOut: true)
    self.steps = steps
  }

  /// Words for the active blocks of a row, counted from 1: `1-4, 8 of 12`.
  static func name(of row: [Bool]) -> String {
    var runs: [String] = []
    var start: Int?
    for block in 0...row.count {
      let isActive = block < row.count && row[block]
      if isActive, start == nil { start = block }
      if !isActive, let first = start {
        runs.append(first + 1 == block ? "\(block)" : "\(first + 1)-\(block)")
        start = nil
      }
    }
    return "\(runs.isEmpty ? "none" : runs.joined(separator: ", ")) of \(row.count)"
  }
}
