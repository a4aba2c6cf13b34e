import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Journals of a run that were put aside.
enum JournalFiles {
  /// Puts a new journal in the place of another one, which stays as the first of `name.1`, `name.2` …
  /// that is free. At every instant there is a whole journal under the name.
  ///
  /// - Returns: The name that the old one has now.
  /// - Throws: `ZorBAError` with code `inputOutput`.
  static func replace(_ path: String, with fresh: String) throws -> String {
    var number = 1
    while link(path, "\(path).\(number)") != 0 {
      guard errno == EEXIST else { throw fault("cannot be put aside", path) }
      number += 1
    }
    guard rename(fresh, path) == 0 else { throw fault("cannot be replaced", path) }
    return "\(path).\(number)"
  }

  /// Gives a new journal its name; the disk has confirmed it then.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`.
  static func place(_ fresh: String, at path: String) throws {
    guard rename(fresh, path) == 0 else { throw fault("cannot be put in its place", path) }
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    let directory = open(folder, O_RDONLY | O_CLOEXEC)
    guard directory >= 0 else { throw fault("cannot be opened", folder) }
    defer { close(directory) }
    // Some file systems cannot synchronise a folder and say so with EINVAL.
    guard fsync(directory) == 0 || errno == EINVAL else {
      throw fault("was not confirmed by the disk", folder)
    }
  }

  private static func fault(_ message: String, _ path: String) -> ZorBAError {
    ZorBAError(
      .inputOutput, "\(message): \(String(cString: strerror(errno)))", at: .init(file: path),
      advice: "Check the permissions of the folder and the disk.")
  }
}
