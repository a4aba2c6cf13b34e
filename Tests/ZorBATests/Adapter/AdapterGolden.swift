import Testing
import ZorBACheckpoint
import ZorBAModels
import ZorBATensor

@testable import ZorBA

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// One adapter made by PEFT, over one of the base models of another target's goldens; written by
/// Tools/adapter_goldens.py.
struct AdapterGolden: Sendable, CustomTestStringConvertible {
  let name: String
  let folder: String
  /// The base model's folder.
  let base: String
  let reference: SafetensorsFile

  var testDescription: String { name }

  static let all: [AdapterGolden] = {
    let root = tests + "/ZorBATests/Goldens/adapters"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    return names.sorted().compactMap { try? AdapterGolden(name: $0, folder: root + "/" + $0) }
  }()

  static var tests: String {
    #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
  }

  private init(name: String, folder: String) throws {
    self.name = name
    self.folder = folder
    let bases = [
      "opt-lora": "opt", "opt-ia3": "opt", "opt-350m-all": "opt-350m",
      "llama-biased-ia3": "llama-tied-biased", "mistral-all": "mistral-window",
      "mistral-ia3": "mistral-window",
    ]
    let family = name.split(separator: "-").first.map(String.init) ?? name
    base = Self.tests + "/ZorBAModelsTests/Goldens/" + (bases[name] ?? family)
    reference = try SafetensorsFile(path: folder + "/reference.safetensors")
  }

  var tokens: [Int32] {
    guard let entry = reference.entry(named: "tokens") else { return [] }
    let bytes = reference.rawBytes(of: entry)
    return stride(from: 0, to: bytes.count, by: 4).map {
      bytes.loadUnaligned(fromByteOffset: $0, as: Int32.self)
    }
  }

  func logits(_ name: String = "logits") throws -> [Float] {
    try reference.tensor(named: name).floats
  }

  /// The base with the adapter beside its layers.
  func working(_ context: ComputeContext, base kind: AdapterConfiguration.Base = .asStored) throws
    -> WorkingModel
  {
    var origin = AdapterOrigin(folder: folder)
    origin.configuration.base = kind
    return try WorkingModel(path: base, context: context, adapter: origin)
  }
}

extension Tensor {
  /// The elements of a binary32 tensor.
  var floats: [Float] {
    (0..<elementCount).map { rawBytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
  }
}

/// The largest difference between two lists of the same length.
func largestDifference(_ a: [Float], _ b: [Float]) -> Float {
  a.count == b.count ? zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } : .infinity
}
