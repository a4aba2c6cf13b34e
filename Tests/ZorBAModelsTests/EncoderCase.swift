import Testing
import ZorBACheckpoint
import ZorBAModels
import ZorBATensor

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// One reference encoder under Goldens/encoders, written by Tools/encoder_goldens.py.
struct EncoderCase: Sendable, CustomTestStringConvertible {
  let name: String
  let checkpoint: Checkpoint
  let configuration: ModelConfiguration
  private let reference: SafetensorsFile

  var testDescription: String { name }

  static let all: [EncoderCase] = {
    let folder = GoldenCase.testFolder + "/Goldens/encoders"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().compactMap { try? EncoderCase(name: $0, path: folder + "/" + $0) }
  }()

  static func named(_ name: String) throws -> EncoderCase {
    try #require(all.first { $0.name == name })
  }

  private init(name: String, path: String) throws {
    self.name = name
    checkpoint = try Checkpoint.open(directory: path)
    configuration = try ModelConfiguration(
      huggingFace: checkpoint.configuration, file: checkpoint.configurationPath)
    reference = try SafetensorsFile(path: path + "/reference.safetensors")
  }

  /// The model, under another head where one is given.
  func model(_ compute: ComputeContext, head: OutputHead? = nil) throws -> Model {
    try Model(
      configuration: head.map { try configuration.with(head: $0) } ?? configuration,
      source: checkpoint, compute: compute)
  }

  var inputCount: Int { reference.entries.count { $0.name.hasPrefix("inputs.") } }

  func input(_ index: Int) throws -> [Int32] {
    let entry = try #require(reference.entry(named: "inputs.\(index)"))
    let bytes = reference.rawBytes(of: entry)
    return stride(from: 0, to: bytes.count, by: 4).map {
      bytes.loadUnaligned(fromByteOffset: $0, as: Int32.self)
    }
  }

  func values(_ name: String) throws -> [Float] { try reference.tensor(named: name).floats() }
}
