import Testing
import ZorBACheckpoint
import ZorBAJSON
import ZorBAModels
import ZorBATensor

@testable import ZorBA

/// 4-bit NormalFloat against the numpy quantiser of Tools/nf4_reference.py.
@Suite struct NF4Tests {
  private static let folder = AdapterGolden.tests + "/ZorBATests/Goldens/nf4"

  private func reference() throws -> SafetensorsFile {
    try SafetensorsFile(path: Self.folder + "/reference.safetensors")
  }

  @Test func aMatrixIsWhatTheDefinitionMakesOfIt() throws {
    let reference = try reference()
    let weight = try reference.tensor(named: "weight")
    let matrix = try NF4Matrix(quantising: weight, context: ComputeContext(threads: 1))
    var restored = [Float](repeating: 0, count: weight.elementCount)
    matrix.dequantise(from: 0, count: restored.count, into: &restored)
    let expected = try reference.tensor(named: "restored").floats
    // Quotients that lie between two levels to the last bit may fall either way.
    let differing = zip(restored, expected).count { abs($0 - $1) > 1e-6 }
    #expect(differing <= restored.count / 1000)
    let largest = weight.floats.reduce(0) { max($0, abs($1)) }
    #expect(largestDifference(restored, weight.floats) < 0.2 * largest)
    // 4 bits an element, 8 bits a block and 32 a group.
    #expect(matrix.byteCount < weight.elementCount * 52 / 100 + 64)
  }

  /// Any stretch of elements can be restored alone.
  @Test func stretchesAreThoseOfTheWhole() throws {
    let weight = try reference().tensor(named: "weight")
    let matrix = try NF4Matrix(quantising: weight, context: ComputeContext(threads: 1))
    var whole = [Float](repeating: 0, count: weight.elementCount)
    matrix.dequantise(from: 0, count: whole.count, into: &whole)
    for (start, count) in [(0, 1), (1, 1), (63, 2), (64, 64), (65, 130), (141, 141), (18_470, 1)] {
      var part = [Float](repeating: -9, count: count)
      matrix.dequantise(from: start, count: count, into: &part)
      #expect(part == Array(whole[start..<start + count]), "\(count) from \(start)")
    }
  }

  /// A model over NF4 is the model over the restored matrices.
  @Test(arguments: AdapterGolden.all)
  func aQuantisedBaseComputesAsItsRestoredMatrices(_ golden: AdapterGolden) throws {
    let context = try ComputeContext(precision: .float32, threads: 2)
    let quantised = try golden.working(context, base: .nf4)
    let stored = try golden.working(context)
    let held = try NF4Base(of: stored.model.withoutAdapter) { _, _ in }
    var tensors: [String: Tensor] = [:]
    var restoredCount = 0
    for parameter in stored.model.parameters.all {
      tensors[parameter.name] = parameter.tensor
      guard held.holds(parameter.name) else { continue }
      restoredCount += 1
      let matrix = try NF4Matrix(quantising: parameter.tensor, context: context)
      let buffer = try AlignedBuffer(byteCount: parameter.tensor.elementCount * 4)
      let values = buffer.bytes.bindMemory(
        to: Float.self, capacity: parameter.tensor.elementCount)
      matrix.dequantise(from: 0, count: parameter.tensor.elementCount, into: values)
      tensors[parameter.name] = Tensor(
        dtype: .float32, shape: parameter.tensor.shape, bytes: buffer.bytes, owner: buffer)
    }
    #expect(restoredCount >= 4 * stored.model.configuration.layerCount)
    let base = try Model(
      configuration: stored.model.configuration, source: NamedTensors(tensors: tensors),
      compute: context)
    let adapter = try #require(stored.adapter)
    let restored = try Model(
      adapting: base, with: adapter.description, tensors: adapter.tensors)
    let found = try quantised.model.logits(golden.tokens).floats
    #expect(largestDifference(found, try restored.logits(golden.tokens).floats) <= 1e-4)
    #expect(largestDifference(found, try golden.logits()) > 1e-3)
  }

  @Test func firstValuesAreThoseOfTheSpecification() throws {
    let json = try JSONParser.parse(contents(of: Self.folder + "/initial.json"))
    let bits = try #require(json["bits"]?.array).compactMap { $0.integer }
    let seed = try #require(json["seed"]?.string.flatMap { UInt64($0) })
    let width = try #require(json["width"]?.integer)
    let rows = try #require(json["rows"]?.integer)
    let tensor = try #require(json["tensor"]?.integer)
    let entry = AdapterEntry(name: "a", block: 3, shape: [rows, width], start: .uniform)
    var values = [Float](repeating: 0, count: rows * width)
    entry.fill(&values, id: TensorID(block: tensor / 4096, role: tensor % 4096), seed: seed)
    #expect(values.map { Int($0.bitPattern) } == bits)
    #expect(values.allSatisfy { abs($0) <= 1 / Float(width).squareRoot() })
  }
}
