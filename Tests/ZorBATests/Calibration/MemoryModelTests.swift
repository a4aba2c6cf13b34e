import Testing
import ZorBACheckpoint
import ZorBAFederation
import ZorBATensor
import ZorBATestSupport

@testable import ZorBA

/// Memory as a function of the active blocks, against the policy that runs follow.
@Suite struct MemoryModelTests {
  private func model(_ random: inout SeededGenerator, streamed: Bool = true) -> MemoryModel {
    let count = Int.random(in: 2...12, using: &random)
    let whole = (0..<count).map { _ in Int.random(in: 1...1000, using: &random) }
    return MemoryModel(
      processBytes: Int.random(in: 0...500, using: &random), scratchBytes: 7, activationBytes: 11,
      demands: whole.map {
        .init(whole: $0, passing: Int.random(in: 1...$0, using: &random))
      }, tensorBytes: whole.map { $0 - 1 }, weightsBytes: whole.reduce(0, +),
      isStreamed: streamed, hasSnapshot: Bool.random(using: &random))
  }

  private func active(_ blocks: Int, _ random: inout SeededGenerator) -> Set<Int> {
    Set((0..<blocks).filter { _ in Bool.random(using: &random) })
  }

  @Test func theLeastCapacityKeepsActiveBlocksAndNothingMoreThanItSays() {
    var random = SeededGenerator(seed: 1)
    for _ in 0..<2000 {
      let model = model(&random)
      let active = active(model.demands.count, &random)
      let capacity = model.leastCapacity(active: active)
      let policy = ResidencyPolicy(demands: model.demands, active: active, capacity: capacity)
      #expect(active.isSubset(of: policy.resident))
      #expect(policy.peakByteCount <= capacity)
      #expect(model.peakBytes(active: active) == model.besides + policy.peakByteCount)
      // With a byte less an active block is streamed or, without any, what passes does not fit.
      let less = ResidencyPolicy(demands: model.demands, active: active, capacity: capacity - 1)
      #expect(!active.isSubset(of: less.resident) || less.peakByteCount >= capacity)
    }
  }

  @Test func theSumOverBlocksIsNeverBelowThePeak() {
    var random = SeededGenerator(seed: 2)
    for streamed in [true, false] {
      for _ in 0..<2000 {
        let model = model(&random, streamed: streamed)
        let outer = Bool.random(using: &random)
        var active = active(model.demands.count, &random)
        if outer { active.insert(0) } else { active.remove(0) }
        let linear = model.linear(outer: outer)
        let sum = linear.resident.indices.reduce(linear.fixed) {
          active.contains($1 + 1) ? $0 + linear.resident[$1] : $0
        }
        let peak = Double(model.peakBytes(active: active))
        #expect(sum >= peak)
        // It is exact as long as the largest passing block is among those that pass.
        let passing = model.demands.indices.filter { !outer || $0 > 0 }
        let largest = passing.map { model.demands[$0].passing }.max()
        let still = model.demands.indices.filter { !active.contains($0) }
        let policy = ResidencyPolicy(
          demands: model.demands, active: active, capacity: model.leastCapacity(active: active))
        if !streamed
          || (still.map { model.demands[$0].passing }.max() == largest
            && policy.resident == active)
        {
          #expect(sum == peak)
        }
      }
    }
  }

  @Test func inMemoryOnlyTheSnapshotDependsOnTheRow() {
    var random = SeededGenerator(seed: 3)
    var model = model(&random, streamed: false)
    model.hasSnapshot = false
    let all = Set(model.demands.indices)
    #expect(model.peakBytes(active: all) == model.peakBytes(active: []))
    model.hasSnapshot = true
    let difference = model.peakBytes(active: all) - model.peakBytes(active: [])
    #expect(difference == model.tensorBytes.reduce(0, +))
  }

  /// What is reckoned without a file is what a file would take.
  @Test(arguments: TinyCheckpoint.Family.allCases, [DType.float32, .bfloat16])
  func demandsAreThoseOfAStreamedCopy(_ family: TinyCheckpoint.Family, dtype: DType) throws {
    for tied in [true, false] {
      let run = try TinyRun(TinyCheckpoint(family: family, dtype: dtype, tiedHead: tied))
      let context = try ComputeContext(threads: 2)
      let path = run.configuration.model
      let plain = try WorkingModel(path: path, context: context)
      let streamed = try WorkingModel(
        path: path, context: context,
        budget: MemoryBudget(byteCount: 1 << 40, folder: run.folder.path, field: "budget"))
      let residency = try #require(streamed.residency)
      #expect(MemoryModel.demands(of: plain.model) == residency.demands)
      #expect(MemoryModel.tensorBytes(of: plain.model).reduce(0, +) <= plain.weightsByteCount)
    }
  }

  /// A forecast and a plan reckon the same way.
  @Test func forecastsAreTheModelOfTheMostDemandingRow() throws {
    let run = try TinyRun {
      $0.method.localSteps = 2
      $0.blocks.plan = .random
      $0.blocks.active = [0.4]
      $0.data.test = nil
      $0.data.validation = nil
    }
    let prepared = try run.prepared()
    let model = MemoryModel(
      of: prepared.loaded.model, weightsBytes: prepared.loaded.weightsByteCount,
      activationBytes: try MemoryForecast.trainingPass(
        run.configuration, loaded: prepared.loaded, clients: prepared.clients
      ).bytes,
      hasSnapshot: true)
    // The process has grown or shrunk a little since the forecast was made; tests run side by side.
    let rows = prepared.plan.cycle.flatMap(\.rows).map { row in
      Set(row.indices.filter { row[$0] }.map { $0 + 1 })
    }
    let peaks = rows.map { model.peakBytes(active: $0) - model.processBytes }
    let process = prepared.memory.peakBytes - (peaks.max() ?? 0)
    #expect(process > 1 << 20 && abs(process - model.processBytes) < 256 << 20)
  }
}
