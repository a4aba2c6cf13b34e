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

  private static func fault(_ message: String, _ path: String) -> ZorBAError {
    ZorBAError(
      .inputOutput, "\(message): \(String(cString: strerror(errno)))", at: .init(file: path),
      advice: "Check the permissions of the folder and the disk.")
  }
}
