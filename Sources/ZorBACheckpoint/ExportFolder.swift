import ZorBADiagnostics

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

/// The directory an export goes to; it cleans up after a failure.
struct ExportFolder {
  let path: String
  let audience: FileAudience
  private let wasCreated: Bool
  private var written: [String] = []

  /// Creates the directory, or takes one that is there.
  ///
  /// - Throws: `ZorBAError` with code `refused` when it is the base checkpoint, or holds something
  ///   and `overwrite` is false; with code `inputOutput` when it cannot be made.
  init(_ path: String, base: String, overwrite: Bool, audience: FileAudience) throws {
    self.path = path
    self.audience = audience
    let isThere = Checkpoint.exists(path)
    if isThere, try Self.identity(of: path) == Self.identity(of: base) {
      throw ZorBAError(
        .refused, "an export must not replace its own base checkpoint", at: .init(file: path),
        advice: "Choose another directory.")
    }
    try Self.create(path, mode: mode_t(audience.folderMode))
    guard try overwrite || Self.content(of: path).isEmpty else {
      throw ZorBAError(
        .refused, "the directory is not empty", at: .init(file: path),
        advice: "Choose an empty one, or ask to overwrite.")
    }
    wasCreated = !isThere
  }

  /// The path of a file in the directory.
  func path(of name: String) -> String { Checkpoint.path(name, in: path) }

  /// Removes what an earlier export left under these names.
  func remove(_ names: some Sequence<String>) throws {
    for name in names where unlink(path(of: name)) != 0 && errno != ENOENT {
      throw ZorBAError(
        .inputOutput, "cannot remove the old file", at: .init(file: path(of: name)),
        advice: "Choose an empty directory.", cause: SystemError.last)
    }
  }

  /// Removes the weights of an earlier export, also of one that was sharded otherwise: a loader
  /// would prefer a stale single file over new shards.
  func removeWeights() throws {
    try remove([Checkpoint.weightsName, Checkpoint.indexName])
    try remove(
      try Self.content(of: path).filter {
        $0.hasPrefix("model-") && $0.hasSuffix(".safetensors")
      })
  }

  /// Writes one file; it counts as ours once `body` returns.
  mutating func write(_ name: String, _ body: (_ path: String) throws -> Void) throws {
    try body(path(of: name))
    written.append(name)
  }

  /// Takes back what was written, as far as the disk lets.
  func abandon() {
    for name in written { unlink(path(of: name)) }
    if wasCreated { rmdir(path) }
  }

  /// Makes the directory and those above it that are missing.
  private static func create(_ path: String, mode: mode_t) throws {
    let ends = path.utf8.indices.dropFirst().filter { path.utf8[$0] == UInt8(ascii: "/") }
    var fault: SystemError?
    // Only the last one counts: an existing root, say, may refuse with another error than EEXIST.
    for end in ends + [path.endIndex] {
      fault = mkdir(String(path[..<end]), mode) == 0 ? nil : .last
    }
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw ZorBAError(
        .inputOutput, "cannot create the directory", at: .init(file: path),
        advice: "Choose a place that this user may write to.", cause: fault)
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw ZorBAError(
        .inputOutput, "is a file; an export needs a directory", at: .init(file: path),
        advice: "Choose another name.")
    }
  }

  private static func content(of path: String) throws -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw ZorBAError(
        .inputOutput, "cannot list the directory", at: .init(file: path),
        advice: "Give this user permission to read it.", cause: error)
    }
  }

  /// What tells two paths to one directory apart from two directories.
  private static func identity(of path: String) throws -> [UInt64] {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw ZorBAError(
        .inputOutput, "cannot open the directory", at: .init(file: path),
        advice: "Check the path.", cause: SystemError.last)
    }
    return [UInt64(status.st_dev), UInt64(status.st_ino)]
  }
}
