import Synchronization
import Testing
import ZorBACheckpoint
import ZorBAModels
import ZorBATensor
import ZorBATestSupport

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file whose pages are counted whenever some of them are about to go.
private final class CountedMemory: PagedMemory {
  let file: FileBuffer
  private let peak = Mutex(0)

  init(_ file: FileBuffer) { self.file = file }

  var bytes: UnsafeMutableRawPointer { file.bytes }
  var byteCount: Int { file.byteCount }

  /// The most bytes that were mapped at once since the last call.
  func takePeak() -> Int {
    peak.withLock { peak in
      defer { peak = 0 }
      return max(peak, presentByteCount)
    }
  }

  func willNeed(_ range: Range<Int>) { file.willNeed(range) }

  func drop(_ range: Range<Int>) {
    peak.withLock { $0 = max($0, presentByteCount) }
    file.drop(range)
  }

  /// Bytes of the file that this process has mapped now; 0 where the system does not tell.
  private var presentByteCount: Int {
    guard let map = fopen("/proc/self/pagemap", "r") else { return 0 }
    defer { fclose(map) }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    guard fseek(map, Int(bitPattern: bytes) / page * 8, SEEK_SET) == 0 else { return 0 }
    var entries = [UInt64](repeating: 0, count: byteCount / page)
    let count = fread(&entries, 8, entries.count, map)
    return entries[..<count].count { $0 >> 63 == 1 } * page
  }
}

/// Weights that pass through memory score, generate and perturb as those that stay there.
@Suite struct StreamingTests {
  private static let configuration = Result {
    try RandomModel.llama(vocabulary: 4100, hidden: 512, layers: 3)
  }

  private struct Streamed {
    let model: Model
    let residency: WeightResidency
    let memory: CountedMemory
  }

  private func streamed(
    _ configuration: ModelConfiguration, _ source: MemoryTensors, threads: Int
  ) throws -> Streamed {
    let copy = try WorkingCopy(
      of: source, groups: configuration.parameterShapes.map { $0.map(\.name) },
      inFileIn: FileManager.default.temporaryDirectory.path(percentEncoded: false))
    let memory = CountedMemory(try #require(copy.file))
    let residency = WeightResidency(
      memory: memory, extents: copy.extents,
      passing: configuration.passingByteCounts(threads: threads) { _ in 4 }
    ) { _ in memory }
    return Streamed(
      model: try Model(
        configuration: configuration, source: copy, compute: ComputeContext(threads: threads),
        residency: residency),
      residency: residency, memory: memory)
  }

  @Test(arguments: [1, 3]) func aBudgetIsKeptAndChangesNothing(threads: Int) throws {
    let configuration = try Self.configuration.get()
    let source = try RandomModel.source(configuration, seed: 31)
    let plain = try Model(
      configuration: configuration, source: source, compute: ComputeContext(threads: threads))
    let streamed = try streamed(configuration, source, threads: threads)
    let residency = streamed.residency
    let whole = residency.demands.reduce(0) { $0 + $1.whole }
    #expect(residency.demands[0].passing < residency.demands[0].whole / 2)
    #expect(residency.leastCapacity < whole / 2)

    var random = SeededGenerator(seed: 32)
    for round in 0..<6 {
      let capacity =
        round == 0
        ? residency.leastCapacity : Int.random(in: residency.leastCapacity...whole, using: &random)
      residency.capacity = capacity
      let active = Set((0..<4).filter { _ in Bool.random(using: &random) })
      residency.focus(on: active)
      let limit = residency.policy.peakByteCount
      #expect(limit <= capacity)
      _ = streamed.memory.takePeak()
      residency.releaseAll()
      _ = streamed.memory.takePeak()

      let sequences = [40, 9, 1].map { count in
        (0..<count).map { _ in Int32.random(in: 0..<4100, using: &random) }
      }
      var request = ScoringRequest.languageModelling(sequences)
      for index in request.queries.indices where index % 3 == 0 {
        request.queries[index].normalised = false
      }
      let plan = PerturbationPlan(
        directions: [Direction(seed: random.next(), distribution: .gaussian)], scale: 0.01,
        active: active)
      let (found, expected) = try (
        streamed.model.score(request, plan: plan), plain.score(request, plan: plan)
      )
      for branch in 0..<2 {
        #expect(found.scores(branch: branch).elementsEqual(expected.scores(branch: branch)))
      }
      #expect(streamed.memory.takePeak() <= limit, "scoring, capacity \(capacity)")

      let logits = try (streamed.model.logits(sequences[1]), plain.logits(sequences[1]))
      withExtendedLifetime(logits) {
        #expect(logits.0.rawBytes.elementsEqual(logits.1.rawBytes))
      }
      let options = GenerationOptions(maximumTokens: 5)
      #expect(
        try Generator(model: streamed.model).generate(prompt: sequences[1], options: options)
          == Generator(model: plain).generate(prompt: sequences[1], options: options))
      #expect(streamed.memory.takePeak() <= limit, "generating, capacity \(capacity)")
    }
  }
}
