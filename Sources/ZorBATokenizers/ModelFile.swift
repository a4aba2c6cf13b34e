import ZorBADiagnostics
import ZorBAJSON

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Where the files of a tokenizer lie: a directory, or memory.
struct ModelFolder: Sendable {
  /// The path of the directory, or a name for errors.
  let path: String
  /// The content of the files in memory; nil for a directory.
  var contents: [String: [UInt8]]?

  /// The file of a name, or nil when there is none.
  func file(_ name: String) -> ModelFile? {
    let path = "\(path)/\(name)"
    if let contents { return contents[name].map { ModelFile(path: path, content: $0) } }
    return FileManager.default.fileExists(atPath: path) ? ModelFile(path: path) : nil
  }
}

/// A file of a tokenizer: reads it, and names it in errors.
struct ModelFile: Sendable {
  let path: String
  /// What the file holds, if it lies in memory.
  var content: [UInt8]?

  /// More than ten times the largest vocabulary of any known model.
  private static let maximumSize = 1 << 28

  /// The whole content.
  ///
  /// - Throws: `ZorBAError` when the file cannot be read or is absurdly large.
  func read() throws -> [UInt8] {
    if let content { return content }
    let content: Data
    do {
      content = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw ZorBAError(
        .inputOutput, "the file cannot be read", at: .init(file: path),
        advice: "Check that it exists and that you may read it.", cause: error)
    }
    guard content.count <= Self.maximumSize else {
      throw invalid(nil, "\(content.count) bytes are too many for a tokenizer file")
    }
    return Array(content)
  }

  /// The content as a JSON object.
  func readObject() throws -> JSONObject {
    let value = try JSONParser.parse(try read(), file: path, code: .invalidModel)
    guard let object = value.object else {
      throw invalid(nil, "the file holds \(value.kind) where an object should stand")
    }
    return object
  }

  /// The file is damaged or contradicts itself.
  func invalid(_ field: String?, _ message: String, line: Int? = nil) -> ZorBAError {
    ZorBAError(
      .invalidModel, message, at: .init(file: path, line: line, field: field),
      advice: "Fetch the tokenizer files of the model again; they may be damaged.")
  }

  /// The file is sound and asks for something that is not implemented.
  func unsupported(_ field: String, _ value: String, supported: String) -> ZorBAError {
    ZorBAError(
      .unsupportedModel, "'\(Self.shortened(value))' is not supported",
      at: .init(file: path, field: field), advice: "Supported here: \(supported).")
  }

  /// A value that would make an error unreadable is cut.
  private static func shortened(_ value: String) -> String {
    value.utf8.count <= 120 ? value : "\(value.prefix(100))…"
  }
}

// MARK: - Checked access

extension ModelFile {
  /// The object under a key, nil when the key is absent or null.
  func object(_ key: String, in object: JSONObject, at field: String) throws -> JSONObject? {
    guard let value = object[key], !value.isNull else { return nil }
    guard let result = value.object else { throw mismatch(value, "an object", "\(field).\(key)") }
    return result
  }

  func array(_ key: String, in object: JSONObject, at field: String) throws -> [JSONValue] {
    guard let value = object[key], !value.isNull else { return [] }
    guard let result = value.array else { throw mismatch(value, "an array", "\(field).\(key)") }
    return result
  }

  func string(_ key: String, in object: JSONObject, at field: String) throws -> String? {
    guard let value = object[key], !value.isNull else { return nil }
    guard let result = value.string else { throw mismatch(value, "a string", "\(field).\(key)") }
    return result
  }

  func required(_ key: String, in object: JSONObject, at field: String) throws -> String {
    guard let result = try string(key, in: object, at: field) else {
      throw invalid("\(field).\(key)", "the string is missing")
    }
    return result
  }

  func flag(
    _ key: String, in object: JSONObject, at field: String, default fallback: Bool
  ) throws -> Bool {
    guard let value = object[key], !value.isNull else { return fallback }
    guard let result = value.bool else { throw mismatch(value, "a boolean", "\(field).\(key)") }
    return result
  }

  func integer(_ key: String, in object: JSONObject, at field: String) throws -> Int? {
    guard let value = object[key], !value.isNull else { return nil }
    guard let result = value.integer else { throw mismatch(value, "an integer", "\(field).\(key)") }
    return result
  }

  private func mismatch(_ value: JSONValue, _ expected: String, _ field: String) -> ZorBAError {
    invalid(field, "\(value.kind) stands where \(expected) should")
  }
}
