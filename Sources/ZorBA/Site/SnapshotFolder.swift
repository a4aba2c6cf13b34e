import ZorBACheckpoint
import ZorBADiagnostics
import ZorBAJSON

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A checkpoint folder with the weights of a round, and beside them what is claimed of them.
package enum SnapshotFolder {
  /// The claim's file. No loader of checkpoints looks at it.
  private static let claimName = "snapshot.zorba"
  private static let largestClaim = 1 << 24

  static func write(_ claim: SnapshotClaim, to folder: String) throws {
    let file = try AtomicFile(path: "\(folder)/\(claimName)")
    try file.append(claim.json.serialized + "\n")
    try file.commit()
  }

  /// What is claimed of a folder; nil when there is nothing that can be read.
  package static func claim(in folder: String) -> SnapshotClaim? {
    guard let data = FileManager.default.contents(atPath: "\(folder)/\(claimName)"),
      data.count <= largestClaim, let json = try? JSONParser.parse(Array(data))
    else { return nil }
    return SnapshotClaim(json: json)
  }

  /// Gives a folder that is complete its name, durably: it is there as a whole or not at all.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`.
  package static func adopt(_ partial: String, as folder: String) throws {
    guard rename(partial, folder) == 0 else {
      throw ZorBAError(
        .inputOutput, "cannot be renamed: \(String(cString: strerror(errno)))",
        at: .init(file: partial), advice: "Check the permissions of the folder and the disk.")
    }
    let parent = folder.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    let descriptor = open(
      parent.isEmpty ? "." : parent.joined(separator: "/"), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    // File systems that cannot flush a folder need not.
    _ = fsync(descriptor)
    close(descriptor)
  }
}
