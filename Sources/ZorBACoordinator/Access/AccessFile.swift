import ZorBADiagnostics

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The file with the rules of access, read at every question, so that a change holds at once. While
/// it cannot be read, nobody may do anything.
package struct AccessFile: Sendable {
  /// Nil where there is none.
  package let path: String?

  package init(path: String?) { self.path = path }

  /// The rules as they stand.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` or `inputOutput`.
  package func rules() throws -> AccessRules {
    guard let path else { return AccessRules() }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw ZorBAError(
        .inputOutput, "the rules of access cannot be read", at: .init(file: path),
        advice: "Nobody may steer runs until the file is there again.")
    }
    guard data.count <= 1 << 20, let text = String(validating: data, as: UTF8.self) else {
      throw ZorBAError(
        .invalidConfiguration, "is no file with rules of access", at: .init(file: path))
    }
    return try AccessRules(parsing: text, file: path)
  }
}
