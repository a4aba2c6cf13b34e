package import ZorBACheckpoint
import ZorBADiagnostics
import ZorBAJSON
package import ZorBAModels
import ZorBATensor

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A folder in the layout of the PEFT library: `adapter_config.json` and `adapter_model.safetensors`.
package struct AdapterFolder: Sendable {
  package let path: String
  package let description: AdapterDescription
  private let file: SafetensorsFile

  static let configurationName = "adapter_config.json"
  static let weightsName = "adapter_model.safetensors"
  /// What PEFT puts before the path of a layer.
  private static let prefix = "base_model.model."
  /// More than any adapter takes to describe.
  private static let largestConfiguration = 1 << 22

  /// Opens a folder; the tensors are mapped, not read.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput` when a file is missing, `invalidModel` when it is
  ///   damaged, `unsupportedModel` when it asks for what is not implemented.
  package init(path: String) throws {
    self.path = path
    let base = path.hasSuffix("/") ? path : path + "/"
    let configuration = base + Self.configurationName
    let contents = try MappedFile(path: configuration, emptyFileCode: .invalidModel)
    guard contents.byteCount <= Self.largestConfiguration else {
      throw ZorBAError(
        .invalidModel, "is larger than any adapter's description", at: .init(file: configuration))
    }
    let json = try JSONParser.parse(
      contents.bytes.bindMemory(to: UInt8.self), file: configuration, code: .invalidModel)
    description = try AdapterDescription(peft: json, file: configuration)
    file = try SafetensorsFile(path: base + Self.weightsName)
  }

  /// Reads the tensors, converted to binary32.
  ///
  /// - Throws: `ZorBAError` with code `invalidModel` naming the first tensor that is missing, unexpected,
  ///   wrongly shaped or not finite, `invalidConfiguration` when the adapter does not fit the model.
  package func tensors(for model: ModelConfiguration) throws -> AdapterTensors {
    let entries: [[AdapterEntry]]
    do {
      entries = try model.adapterEntries(description)
    } catch var error as ZorBAError {
      error.location.file = error.location.file ?? path
      throw error
    }
    // Of an encoder without a head the library leaves out the prefix that one with a head has.
    let isBare = model.encoderPrefix.map { encoder in
      !file.tensorNames.contains { $0.hasPrefix(Self.prefix + encoder) }
    }
    func stored(_ entry: AdapterEntry) -> String {
      Self.storedName(entry.name, of: model, isBare: isBare ?? false)
    }
    let names = Set(entries.flatMap { $0 }.map(stored))
    if let stray = file.tensorNames.first(where: { !names.contains($0) }) {
      throw fault(stray, "is not part of the adapter that \(Self.configurationName) describes")
    }
    for entry in entries.flatMap({ $0 }) {
      let name = stored(entry)
      guard let stored = file.entry(named: name) else { throw fault(name, "is missing") }
      let expected = Self.storedShapes(entry)
      guard expected.contains(stored.shape) else {
        throw fault(name, "has shape \(stored.shape), expected \(expected[0])")
      }
    }
    let converted = try WorkingCopy(of: file, names: names.sorted(), dtype: .float32)
    return try AdapterTensors(entries) { entry, _, values in
      let name = stored(entry)
      let tensor = try converted.tensor(named: name)
      UnsafeMutableRawPointer(values).copyMemory(from: tensor.bytes, byteCount: tensor.byteCount)
      for index in 0..<entry.elementCount where !values[index].isFinite {
        throw fault(name, "has the value \(values[index]) at element \(index)")
      }
    }
  }

  /// The name of a tensor in a file.
  private static func storedName(
    _ name: String, of model: ModelConfiguration, isBare: Bool
  ) -> String {
    guard isBare, let encoder = model.encoderPrefix, name.hasPrefix(encoder) else {
      return prefix + name
    }
    return prefix + name.dropFirst(encoder.count)
  }

  private func fault(_ name: String, _ message: String) -> ZorBAError {
    ZorBAError(
      .invalidModel, "the adapter's tensor \(message)",
      at: .init(file: file.path, field: name.excerpt()),
      advice: "Use the adapter with the base model that it was made for.")
  }

  /// The shapes that a tensor may have in a file: PEFT keeps the vectors of an IA3 as columns or rows.
  private static func storedShapes(_ entry: AdapterEntry) -> [[Int]] {
    guard entry.shape.count == 1, let width = entry.shape.first else { return [entry.shape] }
    return [[width, 1], [1, width]]
  }

  /// Writes the adapter of a model.
  ///
  /// - Parameters:
  ///   - model: An adapted model.
  ///   - directory: Where to write; created if need be.
  ///   - base: What the base model is called.
  ///   - overwrite: Whether an adapter that is there may be replaced.
  ///   - audience: Who may read what is made.
  /// - Returns: The names of the files written.
  /// - Throws: `ZorBAError` with code `refused` or `inputOutput`.
  package static func write(
    _ model: Model, to directory: String, base: String, overwrite: Bool,
    audience: FileAudience = .owner
  ) throws -> [String] {
    guard let description = model.adapter else {
      preconditionFailure("the model has no adapter to write")
    }
    try prepare(directory, overwrite: overwrite, audience)
    let root = directory.hasSuffix("/") ? directory : directory + "/"
    var tensors: [String: Tensor] = [:]
    for parameter in model.trainable.all {
      var tensor = parameter.tensor
      if tensor.shape.count == 1, let width = tensor.shape.first {
        let module = String(parameter.name.dropLast(".ia3_l".count))
        let isInput = description.scalesInput(ofModule: module)
        tensor = Tensor(
          dtype: .float32, shape: isInput ? [1, width] : [width, 1], bytes: tensor.bytes,
          owner: TensorOwner(parameter.tensor))
      }
      let name = storedName(
        parameter.name, of: model.configuration, isBare: model.configuration.isBareEncoder)
      tensors[name] = tensor
    }
    try SafetensorsWriter(NamedTensors(tensors: tensors))
      .write(to: root + weightsName, audience: audience)
    let json = description.peft(for: model.configuration, named: base)
    try RunFolder.write(
      json.serializedForReading + "\n", to: root + configurationName, audience: audience)
    return [weightsName, configurationName]
  }
}

extension AdapterFolder {
  private static func prepare(
    _ directory: String, overwrite: Bool, _ audience: FileAudience
  ) throws {
    do {
      try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: true,
        attributes: audience == .owner ? [.posixPermissions: 0o700] : nil)
      let found = try FileManager.default.contentsOfDirectory(atPath: directory)
      guard overwrite || found.isEmpty else {
        throw ZorBAError(
          .refused, "the directory is not empty", at: .init(file: directory),
          advice: "Choose an empty one, or ask to overwrite.")
      }
    } catch let error as ZorBAError {
      throw error
    } catch {
      throw ZorBAError(
        .inputOutput, "cannot be made or listed", at: .init(file: directory),
        advice: "Choose a place that this user may write to.", cause: error)
    }
  }
}

/// Keeps the memory of a tensor that is seen in another shape.
private final class TensorOwner: Sendable {
  private let tensor: Tensor
  init(_ tensor: Tensor) { self.tensor = tensor }
}

/// Tensors by name.
struct NamedTensors: TensorSource {
  let tensors: [String: Tensor]

  var tensorNames: [String] {
    tensors.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  func tensor(named name: String) throws -> Tensor {
    guard let tensor = tensors[name] else {
      throw ZorBAError(.invalidModel, "there is no such tensor", at: .init(field: name))
    }
    return tensor
  }
}
