import Foundation
import ZorBADiagnostics

/// The suites that ship with the program.
enum BundledSuite {
  static let names = ["quick", "zorba", "cross-domain", "encoders", "memory"]

  /// What `${bundle}` stands for.
  static var resources: String { Bundle.module.bundleURL.appending(path: "Resources").path }

  /// The file of a suite: a path, or the name of one that ships.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when it is neither.
  static func path(of suite: String) throws -> String {
    // A folder of that name may be what an earlier run left.
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: suite, isDirectory: &isFolder), !isFolder.boolValue {
      return suite
    }
    let bundled = "\(resources)/benchmarks/\(suite).yaml"
    guard names.contains(suite), FileManager.default.fileExists(atPath: bundled) else {
      throw ZorBAError(
        .invalidConfiguration, "there is no such file, and no suite of this name",
        at: .init(file: suite), advice: "Suites that ship: \(names.joined(separator: ", ")).")
    }
    return bundled
  }
}
