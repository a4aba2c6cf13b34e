import ZorBACheckpoint
import ZorBADiagnostics
import ZorBAModels
import ZorBATensor

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension HealthCheck {
  /// Whether a checkpoint is there, whole and of a kind that is known, and fits into memory.
  package static func model(_ path: String) -> [HealthCheck] {
    if let pointer = pointerFile(in: path) {
      return [
        HealthCheck(
          "model", .problem, "\(pointer) is a git-lfs pointer, not the file itself",
          advice: "Fetch the files in the model's folder: git lfs install && git lfs pull.")
      ]
    }
    do {
      let checkpoint = try Checkpoint.open(directory: path)
      let configuration = try ModelConfiguration(
        huggingFace: checkpoint.configuration, file: checkpoint.configurationPath)
      let model = try Model(
        configuration: configuration, source: checkpoint, compute: ComputeContext(threads: 1))
      let weights = model.parameters.all.reduce(0) { $0 + $1.tensor.byteCount }
      let parameters = model.parameters.all.reduce(0) { $0 + $1.tensor.elementCount }
      let types = Set(model.parameters.all.map(\.tensor.dtype.rawValue)).sorted()
      return [
        HealthCheck(
          "model", .ok,
          "\(configuration.family.rawValue), \(configuration.layerCount) blocks, \(parameters) "
            + "parameters, \(types.joined(separator: " and "))"),
        room(for: weights, in: SystemFacts.memory),
      ]
    } catch let error as ZorBAError {
      let place = [error.location.file, error.location.field].compactMap { $0 }
      return [
        HealthCheck(
          "model", .problem, (place + [error.message]).joined(separator: ": "),
          advice: error.advice)
      ]
    } catch {
      return [HealthCheck("model", .problem, "\(error)")]
    }
  }

  static func room(for weights: Int, in memory: SystemFacts.Memory) -> HealthCheck {
    let finding = "\(bytes(weights)) of weights, \(bytes(memory.reachable)) of memory"
    guard memory.total > 0, weights > memory.reachable / 4 * 3 else {
      return HealthCheck("weights", .ok, finding)
    }
    return HealthCheck(
      "weights", .warning, finding,
      advice: "Set memory.budget_mib: weights then lie in a file and are streamed.")
  }

  /// The first weight or tokenizer file that holds a pointer in place of its content.
  private static func pointerFile(in folder: String) -> String? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for name in names.sorted() {
      let path = "\(folder)/\(name)"
      guard let file = try? MappedFile(path: path), file.byteCount <= longestPointer else {
        continue
      }
      let bytes = file.bytes
      if bytes.starts(with: "version https://git-lfs".utf8) { return path }
    }
    return nil
  }

  private static let longestPointer = 1024
}
