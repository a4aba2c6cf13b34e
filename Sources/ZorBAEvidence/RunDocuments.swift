import ZorBAAudit
import ZorBADiagnostics
package import ZorBAJSON

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The files of a run's folder, with their digests.
package struct RunDocuments: Sendable {
  package let folder: String
  /// Name, bytes and SHA-256, by name.
  package private(set) var files: [(name: String, bytes: Int, digest: String)] = []

  /// Files that are copied into the evidence; the others are named by their digests.
  package static let copied = ["run.yaml", "result.json", "plan.json"]
  /// Bytes of a file that is read whole.
  private static let limit = 256 << 20

  /// Lists a folder.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`.
  package init(folder: String) throws {
    self.folder = folder
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw ZorBAError(
        .inputOutput, "the run's folder cannot be read", at: .init(file: folder),
        advice: "Give the folder that 'out' of the run file names.", cause: error)
    }
    for name in names.sorted() {
      let path = "\(folder)/\(name)"
      let attributes = try? FileManager.default.attributesOfItem(atPath: path)
      guard attributes?[.type] as? FileAttributeType == .typeRegular,
        let size = (attributes?[.size] as? UInt64).map({ Int(clamping: $0) })
          ?? (attributes?[.size] as? Int), size <= Self.limit,
        let data = FileManager.default.contents(atPath: path)
      else { continue }
      files.append((name, data.count, Hexadecimal.digest(of: Array(data))))
    }
  }

  /// A file's bytes; nil when it is not there.
  package func contents(_ name: String) -> [UInt8]? {
    FileManager.default.contents(atPath: "\(folder)/\(name)").map(Array.init)
  }

  /// A JSON file; nil when it is not there or is none.
  package func json(_ name: String) -> JSONValue? {
    contents(name).flatMap { try? JSONParser.parse($0, file: "\(folder)/\(name)") }
  }

  package var listing: JSONValue {
    .array(
      files.map {
        ["name": .string($0.name), "bytes": .integer($0.bytes), "sha256": .string($0.digest)]
      })
  }
}
