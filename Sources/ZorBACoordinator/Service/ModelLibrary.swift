import Crypto
import Synchronization
import ZorBADiagnostics

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The files of a model folder that sites may download, with their digests.
///
/// Only plain files of kinds that a checkpoint consists of are listed; a name that is not in the list
/// cannot be asked for, so no path leads out of the folder.
package struct ModelLibrary: Sendable {
  /// One file.
  package struct File: Sendable, Equatable {
    package let name: String
    package let bytes: UInt64
    /// SHA-256.
    package let digest: [UInt8]
  }

  package let folder: String
  package let files: [File]

  private static let suffixes = [".safetensors", ".json", ".txt", ".model", ".jinja"]

  /// Files that were hashed before the folder had this name.
  init(folder: String, files: [File]) {
    self.folder = folder
    self.files = files
  }

  /// Reads and hashes the folder's files.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput` when a file cannot be read.
  package init(folder: String) throws {
    self.folder = folder
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw ZorBAError(
        .inputOutput, "the folder cannot be read", at: .init(file: folder),
        advice: "Check the path of the model.", cause: error)
    }
    files = try names.filter { name in Self.suffixes.contains { name.hasSuffix($0) } }
      .sorted().compactMap { try Self.file(named: $0, in: folder) }
  }

  /// The file of this name.
  ///
  /// - Throws: `ZorBAError` with code `refused` for any other name.
  package func file(named name: String) throws -> File {
    guard let file = files.first(where: { $0.name == name }) else {
      throw ZorBAError(
        .refused, "the model has no file '\(name)'",
        advice: "Ask for one of the files that DescribeModel lists.")
    }
    return file
  }

  private static func file(named name: String, in folder: String) throws -> File? {
    let reader = try FileReader(path: "\(folder)/\(name)")
    guard let size = reader.byteCount else { return nil }
    var hash = SHA256()
    var offset: UInt64 = 0
    while offset < size {
      let chunk = try reader.read(at: offset, count: 1 << 20)
      if chunk.isEmpty { break }
      hash.update(data: chunk)
      offset += UInt64(chunk.count)
    }
    return File(name: name, bytes: offset, digest: Array(hash.finalize()))
  }
}
