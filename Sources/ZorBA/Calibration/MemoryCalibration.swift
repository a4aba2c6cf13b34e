import ZorBACheckpoint
import ZorBAModels
import ZorBAPlanning
import ZorBATensor

/// The part of a calibration that is about memory: steps under the least budget for their rows.
struct MemoryCalibration {
  let path: String
  let context: ComputeContext
  let options: Calibration.Options

  struct Result {
    var model: MemoryModel
    /// Empty where the system does not let a peak be measured.
    var comparisons: [Calibration.Comparison]
  }

  /// Takes a step or two of each row with just enough capacity for it, and compares peaks.
  ///
  /// The first row, with every block, says what comes and goes beside activations and weights; the
  /// others are predicted from it.
  func run(isInterrupted: () -> Bool) throws -> Result {
    let working = try WorkingModel(
      path: path, dtype: options.precision.dtype, context: context,
      budget: MemoryBudget(
        byteCount: MemoryConfiguration.largestBudgetMiB << 20, folder: options.folder,
        field: "memory.budget_mib"))
    let model = working.model
    try Calibration.check(options, fits: model)
    let step = CalibrationStep(model: model, context: context, options: options)
    let blocks = model.configuration.layerCount
    func kind(_ active: Range<Int>) -> CalibrationDesign.Step {
      CalibrationDesign.Step(
        assignment: StepAssignment(
          row: (0..<blocks).map(active.contains), outer: options.outer,
          directions: options.directions), batch: options.batch, isHeldOut: true)
    }
    var round: UInt64 = 0
    func take(_ kind: CalibrationDesign.Step) throws {
      try Calibration.checkInterruption(isInterrupted)
      round += 1
      _ = try step.take(kind, round: round)
    }
    // The program's own pages and the threads' stacks are there before anything is counted.
    try take(kind(blocks - 1..<blocks))
    model.releaseActivations()
    var memory = MemoryModel(
      of: model, weightsBytes: working.weightsByteCount,
      activationBytes: try step.activationBytes(
        batch: options.batch, directions: options.directions, outer: options.outer),
      hasSnapshot: false)
    var result = Result(model: memory, comparisons: [])
    let rows = [
      0..<blocks, blocks - (blocks + 3) / 4..<blocks, 0..<1, blocks / 2..<blocks,
    ]
    var seen: Set<Range<Int>> = []
    for (index, row) in rows.enumerated() where seen.insert(row).inserted {
      let kind = kind(row)
      let active = Set(CalibrationStep.active(kind.assignment))
      model.releaseActivations()
      working.residency?.releaseAll()
      working.residency?.capacity = memory.leastCapacity(active: active)
      ProcessMemory.resetPeak()
      let before = ProcessMemory.current()
      // A peak that did not come down says nothing about this row.
      guard before.peakBytes - before.residentBytes < Self.tolerance else { return result }
      for _ in 0..<2 { try take(kind) }
      let peak = ProcessMemory.current().peakBytes
      if index == 0 {
        memory.scratchBytes = 0
        memory.scratchBytes = max(0, peak - memory.peakBytes(active: active))
        result.model = memory
      }
      let bytes = memory.linear(outer: options.outer)
      result.comparisons.append(
        Calibration.Comparison(
          name: CalibrationDesign.name(of: kind.assignment.row) + ", others streamed",
          isHeldOut: index > 0,
          predicted: zip(kind.assignment.row, bytes.resident).reduce(bytes.fixed) {
            $1.0 ? $0 + $1.1 : $0
          }, measured: Double(peak)))
    }
    return result
  }

  /// Counters lag behind by some pages a thread.
  private static let tolerance = 1 << 20
}
