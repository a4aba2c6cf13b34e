import ZorBACheckpoint
import ZorBADiagnostics
package import ZorBAJSON
import ZorBAJournal
import ZorBAModels
import ZorBAOptimization

extension ModelCard {
  private static let format = "zorba-model-card"
  private static let version = 1
  /// More than the tensors of any model take to name.
  private static let maximumByteCount = 1 << 26

  /// The file: numbers of blocks, parameters and bytes are for people and checked when it is read.
  package var json: JSONValue {
    let members: [(String, JSONValue)] = [
      ("format", .string(Self.format)), ("version", .integer(Self.version)),
      ("name", .string(name)), ("precision", .string(precision.rawValue)),
      ("layers", .integer(layerCount)),
      ("parameters", .array(parameters.map { .integer($0) })),
      ("bytes", .array(byteCounts.map { .integer($0) })), ("base", base.json),
      ("model", model.json),
    ]
    return RunConfiguration.object(members + (description.map { [("config", $0)] } ?? []))
  }

  /// Writes the card, whole or not at all.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`.
  package func write(to path: String) throws {
    try RunFolder.write(json.serialized + "\n", to: path)
  }

  /// Reads a card.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput` when it cannot be read, `invalidModel` naming what
  ///   cannot be used.
  package init(path: String) throws {
    let contents = try MappedFile(path: path, emptyFileCode: .invalidModel)
    try self.init(parsing: contents.bytes, file: path)
  }

  /// Reads a card from its text.
  ///
  /// - Throws: As `init(path:)`.
  package init(parsing bytes: some Collection<UInt8>, file: String? = nil) throws {
    do {
      guard bytes.count <= Self.maximumByteCount else {
        throw Self.fault("it is larger than any model card")
      }
      let json = try JSONParser.parse(bytes, file: file, code: .invalidModel)
      guard json["format"]?.string == Self.format, json["version"]?.integer == Self.version else {
        throw Self.fault("it is no model card that this version knows")
      }
      guard let name = json["name"]?.string,
        let precision = json["precision"]?.string.flatMap(WeightPrecision.init(rawValue:))
      else { throw Self.fault("its name or precision is missing or not known") }
      try self.init(
        name: name, precision: precision, model: ModelFingerprint(json: json["model"]),
        base: StateDigest(json: json["base"]), description: json["config"])
      // What cannot be used later is said now.
      if let description { _ = try ModelConfiguration(huggingFace: description) }
      for key in ["layers", "parameters", "bytes"] where json[key] != self.json[key] {
        throw Self.fault("'\(key)' is not what its tensors come to")
      }
    } catch var error as ZorBAError {
      error.code = .invalidModel
      error.location.file = error.location.file ?? file
      throw error
    }
  }
}
