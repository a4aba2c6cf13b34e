import Foundation

/// The folder of real vocabularies beside the package, which is too large to be part of it.
enum SharedData {
  /// `../shared/data` of the package, or what `ZORBA_SHARED_DATA` names.
  static let root: String = {
    if let path = ProcessInfo.processInfo.environment["ZORBA_SHARED_DATA"] { return path }
    return URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("shared/data").path
  }()

  static let exists = FileManager.default.fileExists(atPath: root)

  static func path(_ relative: String) -> String { "\(root)/\(relative)" }
}
