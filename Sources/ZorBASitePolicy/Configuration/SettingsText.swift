import ZorBADiagnostics
import ZorBAFiles

/// The text of a small YAML file, and the folder its relative paths start from.
struct SettingsText {
  let text: String
  /// Empty, or ending in a slash.
  let base: String

  static let maximumBytes = 1 << 20

  /// Reads a regular file of at most 1 MiB of UTF-8.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming the file.
  init(path: String) throws {
    let bytes: [UInt8]
    do {
      bytes = try PrivateFile(path: path, for: .reading, advice: .site)
        .read(at: 0, count: Self.maximumBytes + 1)
    } catch {
      throw ZorBAError(
        .invalidConfiguration, "cannot be read", at: .init(file: path),
        advice: "Check the path and its permissions.", cause: error)
    }
    guard bytes.count <= Self.maximumBytes else {
      throw ZorBAError(
        .invalidConfiguration, "is longer than \(Self.maximumBytes) bytes", at: .init(file: path),
        advice: "Give the YAML file, not a data file.")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ZorBAError(.invalidConfiguration, "is not UTF-8 text", at: .init(file: path))
    }
    self.text = text
    self.base = Self.folder(of: path)
  }

  /// Everything up to the last slash; empty when there is none.
  static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "" }
    return String(path[...slash])
  }

  /// Refuses a text without a value, which the YAML parser would call an empty run file.
  static func checkNotEmpty(_ text: String, file: String, advice: String) throws {
    let isEmpty = text.split(whereSeparator: \.isNewline).allSatisfy { line in
      let start = line.first { !$0.isWhitespace }
      return start == nil || start == "#"
    }
    guard !isEmpty else {
      throw ZorBAError(
        .invalidConfiguration, "the file is empty", at: .init(file: file), advice: advice)
    }
  }
}
