public import ZorBA
import ZorBADiagnostics

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Reads and writes `RUN.yaml`.
public enum RunFile {
  /// Reads a run from a YAML file.
  ///
  /// Relative paths inside the file are taken from the file's own folder, except `out`, which is
  /// taken from the working directory.
  ///
  /// - Parameters:
  ///   - path: The YAML file.
  ///   - overrides: `key.path=value` texts that replace what the file says.
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming file, line and key.
  public static func read(path: String, overrides: [String] = []) throws -> RunConfiguration {
    let data: Data
    do {
      data = try Data(contentsOf: URL(filePath: path))
    } catch {
      throw ZorBAError(
        .invalidConfiguration, "cannot be read", at: .init(file: path),
        advice: "Check the path and its permissions.", cause: error)
    }
    guard data.count <= 1 << 20 else {
      throw ZorBAError(
        .invalidConfiguration, "is \(data.count) bytes long, more than a run file can be",
        at: .init(file: path), advice: "Pass the YAML file of the run, not a data file.")
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw ZorBAError(.invalidConfiguration, "is not UTF-8 text", at: .init(file: path))
    }
    let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    return try parse(
      text, file: path, overrides: overrides,
      base: folder.isEmpty ? "" : folder.joined(separator: "/") + "/")
  }

  /// Reads a run from YAML text; `base` goes before relative paths.
  public static func parse(
    _ text: String, file: String, overrides: [String] = [], base: String = ""
  ) throws -> RunConfiguration {
    var node = try ConfigurationNode(parsing: text, file: file)
    for override in overrides { try node.apply(override: override) }
    return try RunConfiguration(ConfigurationSection(node, file: file, path: ""), base: base)
  }
}
