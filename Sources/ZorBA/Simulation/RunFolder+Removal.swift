import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension RunFolder {
  /// Removes the files of a run that nobody is writing; other files and the folder stay.
  ///
  /// - Throws: `ZorBAError` with code `refused` when a process is still writing the run, with code
  ///   `inputOutput` when a file cannot be removed.
  public func removeFiles() throws {
    // The writer of a journal holds this lock for as long as it runs.
    let descriptor = open(journal, O_RDONLY | O_CLOEXEC)
    defer { if descriptor >= 0 { close(descriptor) } }
    if descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      throw ZorBAError(
        .refused, "another process is writing this run", at: .init(file: path),
        advice: "Wait for it to end, or choose another folder.")
    }
    // The journal goes last: while it is there, the folder is known to hold a run.
    for file in [report, result, log, metrics, configuration, journal]
    where unlink(file) != 0 && errno != ENOENT {
      throw ZorBAError(
        .inputOutput, "cannot be removed: \(String(cString: strerror(errno)))",
        at: .init(file: file), advice: "Check the permissions of the folder.")
    }
  }
}
