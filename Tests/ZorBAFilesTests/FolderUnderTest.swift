import Foundation
import Testing
import ZorBAFiles

/// A folder that is gone with its last reference.
final class FolderUnderTest {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory
      .appending(path: "zorba-files-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path(percentEncoded: false)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func content(_ name: String) throws -> [UInt8] {
    try [UInt8](Data(contentsOf: URL(filePath: file(name))))
  }

  func mode(_ name: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: file(name))
    return try #require(attributes[.posixPermissions] as? NSNumber).intValue & 0o777
  }

  func open(
    _ name: String, for purpose: PrivateFile.Purpose, calls: FileSystemCalls = .system
  ) throws -> PrivateFile {
    try PrivateFile(path: file(name), for: purpose, advice: .example, calls: calls)
  }
}

extension FileAdvice {
  static let example = FileAdvice(
    reaching: "Reach.", owning: "Own.", writing: "Nothing was written.",
    confirming: "Nothing was kept.")
}
