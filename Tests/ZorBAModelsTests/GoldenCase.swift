import CZorBAKernels
import Testing
import ZorBACheckpoint
import ZorBAModels
import ZorBATensor

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// One reference checkpoint under Goldens, written by Tools/model_goldens.py.
struct GoldenCase: Sendable, CustomTestStringConvertible {
  let name: String
  let checkpoint: Checkpoint
  let configuration: ModelConfiguration
  let reference: SafetensorsFile

  var testDescription: String { name }

  /// Every case, by name.
  static let all: [GoldenCase] = {
    let folder = testFolder + "/Goldens"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().compactMap { try? GoldenCase(name: $0, path: folder + "/" + $0) }
  }()

  /// Cases stored in binary32.
  static let float32 = all.filter { !$0.isHalf }
  static let half = all.filter(\.isHalf)

  static var testFolder: String {
    #filePath.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }
  }

  private init(name: String, path: String) throws {
    self.name = name
    checkpoint = try Checkpoint.open(directory: path)
    configuration = try ModelConfiguration(
      huggingFace: checkpoint.configuration, file: checkpoint.configurationPath)
    reference = try SafetensorsFile(path: path + "/reference.safetensors")
  }

  static func named(_ name: String) throws -> GoldenCase {
    try #require(all.first { $0.name == name })
  }

  var isHalf: Bool { name.hasSuffix("-bf16") || name.hasSuffix("-f16") }

  func model(_ compute: ComputeContext) throws -> Model {
    try Model(configuration: configuration, source: checkpoint, compute: compute)
  }

  var inputCount: Int { reference.entries.count { $0.name.hasPrefix("inputs.") } }

  func input(_ index: Int) throws -> [Int32] { try tokens("inputs.\(index)") }

  func tokens(_ name: String) throws -> [Int32] {
    let entry = try #require(reference.entry(named: name))
    return reference.rawBytes(of: entry).withUnsafeBytes32()
  }

  /// The last rows of the reference logits: [rows, vocabulary].
  func logits(_ name: String) throws -> [Float] { try reference.tensor(named: name).floats() }
}

extension UnsafeRawBufferPointer {
  fileprivate func withUnsafeBytes32() -> [Int32] {
    stride(from: 0, to: count, by: 4).map { loadUnaligned(fromByteOffset: $0, as: Int32.self) }
  }
}

extension Tensor {
  /// The elements as binary32, converted by the portable kernels.
  func floats() throws -> [Float] {
    let kernels = try ComputeContext(instructionSet: .scalar, threads: 1).kernels
    var values = [Float](repeating: 0, count: elementCount)
    kernels.expand(bytes, dtype.kernelCode, elementCount, &values)
    return values
  }
}

/// Every instruction set of this machine with one, two and five threads.
enum Computes {
  struct Setting: Sendable, CustomTestStringConvertible {
    let compute: ComputeContext
    var testDescription: String {
      "\(compute.instructionSet.rawValue) x \(compute.team.threadCount)"
    }
  }

  static let all: [Setting] = InstructionSet.available.flatMap { set in
    [1, 2, 5].compactMap { threads in
      (try? ComputeContext(instructionSet: set, threads: threads)).map { Setting(compute: $0) }
    }
  }

  /// Those that multiply bfloat16 weights as such.
  static let bfloat16: [Setting] = all.filter {
    $0.compute.instructionSet.multipliesBFloat16 && $0.compute.team.threadCount == 2
  }

  /// One setting for tests that do not depend on it.
  static func one() throws -> ComputeContext {
    try ComputeContext(precision: .float32, threads: 2)
  }
}
