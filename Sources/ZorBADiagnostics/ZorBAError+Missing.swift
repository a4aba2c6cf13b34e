#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension ZorBAError {
  /// Runs `body`; where it fails for a file that is not there, the path that somebody wrote is wrong
  /// rather than the disk, and the error gets a code that says so.
  ///
  /// - Parameter code: The code of a wrong path here.
  package static func whenMissing<Value>(
    _ code: Code, _ body: () throws -> Value
  ) throws -> Value {
    do {
      return try body()
    } catch var error as ZorBAError {
      if error.code == .inputOutput, let file = error.location.file, access(file, F_OK) != 0,
        errno == ENOENT || errno == ENOTDIR
      {
        error.code = code
      }
      throw error
    }
  }
}
