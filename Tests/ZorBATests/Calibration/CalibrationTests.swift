import Testing
import ZorBADiagnostics
import ZorBAJSON
import ZorBAPlanning
import ZorBATensor

@testable import ZorBA

/// A calibration from beginning to end on a model of a few thousand weights.
///
/// What it finds depends on the machine and on what else runs; only what must hold anywhere is asked.
@Suite struct CalibrationTests {
  private func options(_ change: (inout Calibration.Options) -> Void = { _ in })
    -> Calibration.Options
  {
    var options = Calibration.Options()
    options.batch = 2
    options.sequence = 8
    options.seconds = 0
    change(&options)
    return options
  }

  private static let variants: [@Sendable (inout Calibration.Options) -> Void] = [
    { _ in },
    {
      $0.outer = true
      $0.directions = 3
    },
    {
      $0.predictions = .label
      $0.perturbation = .rademacher
      $0.precision = .bfloat16
      $0.batch = 1
    },
  ]

  @Test(arguments: variants.indices)
  func everythingIsMeasuredAndTheModelIsLeftAlone(_ index: Int) throws {
    let run = try TinyRun(TinyCheckpoint(family: .opt, layers: 5))
    let path = run.configuration.model
    let before = try names(in: path).map { try contents(of: "\(path)/\($0)") }
    let options = options {
      Self.variants[index](&$0)
      $0.folder = run.folder.path
    }
    var reported: [Int] = []
    let outcome = try Calibration(
      path: path, context: ComputeContext(threads: 1), options: options
    ).run(progress: { done, total in
      #expect(done <= total)
      reported.append(done)
    })
    #expect(try names(in: path).map { try contents(of: "\(path)/\($0)") } == before)
    #expect(reported == Array(1...outcome.time.count))
    #expect(outcome.repeats == 1)
    #expect(outcome.time.contains { $0.isHeldOut } && outcome.time.contains { !$0.isHeldOut })
    #expect(outcome.time.allSatisfy { $0.measured > 0 && $0.predicted >= 0 })
    let calibration = outcome.calibration
    #expect(calibration.timeError?.count == outcome.time.count { $0.isHeldOut })
    #expect(calibration.subject.blockCount == 5 && calibration.settings.outer == options.outer)
    #expect(
      try SiteCalibration(parsing: Array(calibration.json.serialized.utf8)) == calibration)
    let loaded = try LoadedModel(path: path, context: ComputeContext(threads: 1))
    try calibration.requireFit(loaded.model)
  }

  @Test func itCanBeEndedEarly() throws {
    let run = try TinyRun()
    let calibration = try Calibration(
      path: run.configuration.model, context: ComputeContext(threads: 1),
      options: options { $0.folder = run.folder.path })
    for stop in [0, 3, 8] {
      let asked = Counter()
      let error = #expect(throws: ZorBAError.self) {
        try calibration.run(isInterrupted: { asked.next() >= stop })
      }
      #expect(error?.code == .interrupted)
    }
  }

  @Test func impossibleOptionsAreErrors() throws {
    let run = try TinyRun()
    let path = run.configuration.model
    let context = try ComputeContext(threads: 1)
    let wrong: [(inout Calibration.Options) -> Void] = [
      { $0.batch = 0 }, { $0.sequence = 0 }, { $0.directions = 0 }, { $0.seconds = -1 },
      { $0.seconds = .nan }, { $0.sequence = 65 },
    ]
    for change in wrong {
      let options = options {
        change(&$0)
        $0.folder = run.folder.path
      }
      let error = #expect(throws: ZorBAError.self) {
        try Calibration(path: path, context: context, options: options).run()
      }
      #expect(error?.code == .invalidConfiguration && error?.location.field != nil)
    }
  }

  @Test func heldOutStepsAreNoneOfTheFitted() {
    for blocks in 1...90 {
      for (batch, directions) in [(1, 1), (16, 1), (3, 4)] {
        let steps = CalibrationDesign(
          blocks: blocks, batch: batch, directions: directions, outer: false
        ).steps
        let kinds = steps.map { "\($0.assignment) \($0.batch)" }
        #expect(Set(kinds).count == steps.count)
        #expect(steps.allSatisfy { $0.assignment.row.contains(true) && $0.batch >= 1 })
        #expect(steps.allSatisfy { $0.assignment.row.count == blocks })
        #expect(steps[0].assignment.row.allSatisfy { $0 } && !steps[0].isHeldOut)
        if blocks >= 4 { #expect(steps.count { $0.isHeldOut } >= 4) }
      }
    }
  }

  @Test func rowsHaveShortNames() {
    #expect(CalibrationDesign.name(of: [true, true, false, true]) == "1-2, 4 of 4")
    #expect(CalibrationDesign.name(of: [false, true]) == "2 of 2")
    #expect(CalibrationDesign.name(of: [false]) == "none of 1")
  }
}
