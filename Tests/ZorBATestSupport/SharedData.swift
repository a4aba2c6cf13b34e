#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The folder of real data that lies beside a checkout, when there is one.
///
/// It holds public data sets and models that are too large, or not licensed, to ship. Tests that
/// need it are enabled only where it exists; `ZORBA_SHARED_DATA` names another place.
package enum SharedData {
  package static let folder: String? = {
    let beside = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
    let named = ProcessInfo.processInfo.environment["ZORBA_SHARED_DATA"]
    let path = named ?? "/\(beside)/shared/data"
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }()

  package static var isPresent: Bool { folder != nil }

  package static func path(_ relative: String) -> String { "\(folder ?? "")/\(relative)" }
}
