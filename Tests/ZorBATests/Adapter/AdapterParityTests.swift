import CZorBAKernels
import Testing
import ZorBACheckpoint
import ZorBAModels
import ZorBATensor
import ZorBATestSupport

@testable import ZorBA

/// Adapters of the PEFT library compute here what they compute there.
@Suite struct AdapterParityTests {
  @Test func everyFamilyHasBothKinds() throws {
    #expect(AdapterGolden.all.count == 15)
    var kinds: Set<String> = []
    for golden in AdapterGolden.all {
      let model = try golden.working(ComputeContext(threads: 1)).model
      guard case .lowRank = model.adapter?.kind else {
        kinds.insert("\(model.configuration.family) ia3")
        continue
      }
      kinds.insert("\(model.configuration.family) lora")
    }
    #expect(kinds.count == 2 * 6)
  }

  @Test(arguments: AdapterGolden.all, InstructionSet.available)
  func logitsAgree(_ golden: AdapterGolden, _ set: InstructionSet) throws {
    let context = try ComputeContext(instructionSet: set, threads: 2)
    let working = try golden.working(context)
    let expected = try golden.logits()
    #expect(largestDifference(try working.model.logits(golden.tokens).floats, expected) <= 1e-4)
    // The adapter matters.
    let base = try working.model.withoutAdapter.logits(golden.tokens).floats
    #expect(largestDifference(base, expected) > 0.1)
  }

  @Test(arguments: AdapterGolden.all)
  func aFoldedBaseComputesTheSame(_ golden: AdapterGolden) throws {
    let context = try ComputeContext(threads: 2)
    let working = try golden.working(context)
    let merged = MergedTensors(working.weights, model: working.model, dtype: nil)
    let model = try Model(
      configuration: working.model.configuration, source: merged, compute: context)
    let found = try model.logits(golden.tokens).floats
    #expect(largestDifference(found, try golden.logits("merged")) <= 2e-4)
    #expect(largestDifference(found, try working.model.logits(golden.tokens).floats) <= 2e-4)
  }

  /// What is written is what was read, bit for bit.
  @Test(arguments: AdapterGolden.all)
  func anAdapterComesBack(_ golden: AdapterGolden) throws {
    let context = try ComputeContext(threads: 1)
    let working = try golden.working(context)
    let target = try TemporaryFolder()
    let path = target.path("adapter")
    _ = try AdapterFolder.write(working.model, to: path, base: "base", overwrite: false)
    let again = try WorkingModel(
      path: golden.base, context: context, adapter: AdapterOrigin(folder: path))
    #expect(again.model.trainable.all.map(\.name) == working.model.trainable.all.map(\.name))
    for (a, b) in zip(again.model.trainable.all, working.model.trainable.all) {
      #expect(Array(a.tensor.rawBytes) == Array(b.tensor.rawBytes))
    }
    #expect(
      try again.model.logits(golden.tokens).floats
        == working.model.logits(golden.tokens).floats)
    // PEFT's own names and shapes.
    let ours = try SafetensorsFile(path: path + "/adapter_model.safetensors")
    let theirs = try SafetensorsFile(path: golden.folder + "/adapter_model.safetensors")
    #expect(ours.tensorNames == theirs.tensorNames)
    for name in theirs.tensorNames {
      #expect(ours.entry(named: name)?.shape == theirs.entry(named: name)?.shape)
    }
  }

  /// Branches of a plan are models whose adapter was moved explicitly; the base stays.
  @Test(arguments: AdapterGolden.all, [AdapterConfiguration.Base.asStored, .nf4])
  func branchesMoveTheAdapterAlone(
    _ golden: AdapterGolden, _ base: AdapterConfiguration.Base
  ) throws {
    let context = try ComputeContext(precision: .float32, threads: 2)
    let working = try golden.working(context, base: base)
    let model = working.model
    let layers = model.configuration.layerCount
    let request = ScoringRequest.languageModelling([golden.tokens, Array(golden.tokens.prefix(9))])
    for active: Set<Int> in [[1], [layers], Set(0...layers), [0]] {
      let plan = PerturbationPlan(
        directions: [11, 12].map { Direction(seed: $0, distribution: .gaussian) }, scale: 0.05,
        active: active)
      let found = try model.score(request, plan: plan)
      for branch in 0..<4 {
        let moved = try moved(working, plan, branch: branch, context)
        let expected = try moved.score(request)
        let difference = zip(found.scores(branch: branch), expected.values).reduce(0) {
          max($0, abs($1.0 - $1.1))
        }
        #expect(difference <= 2e-4, "branch \(branch), active \(active.sorted())")
      }
    }
  }

  /// The model with the adapter of one branch written out.
  private func moved(
    _ working: WorkingModel, _ plan: PerturbationPlan, branch: Int, _ context: ComputeContext
  ) throws -> Model {
    let adapter = try #require(working.adapter)
    let side = plan.side(ofBranch: branch)
    let copy = try adapter.copied()
    let model = try copy.model(over: working.model.withoutAdapter)
    for parameter in model.trainable.all where plan.active.contains(parameter.id.block) {
      var direction = plan.directions[side.direction].restricted(to: parameter.id)
      let width = parameter.tensor.rowLength
      var z = [Float](repeating: 0, count: width)
      let values = parameter.tensor.bytes.assumingMemoryBound(to: Float.self)
      for row in 0..<parameter.tensor.rowCount {
        context.kernels.perturbation(&direction, UInt32(row), 0, width, &z)
        for column in 0..<width { values[row * width + column] += side.scale * z[column] }
      }
    }
    return model
  }
}
