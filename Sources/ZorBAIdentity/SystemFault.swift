import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// An error number of the operating system.
struct SystemFault: Error, CustomStringConvertible {
  let number: Int32

  /// The number of the call that failed just now.
  static var last: SystemFault { SystemFault(number: errno) }

  var description: String { String(cString: strerror(number)) }

  /// The fault as an error about a file.
  func error(_ verb: String, _ path: String) -> ZorBAError {
    let advice =
      switch number {
      case ENOSPC, EDQUOT: "The disk is full: free some space, then run the same command again."
      case EACCES, EPERM, EROFS: "Check that this user may \(verb) it."
      case ENOENT: "Check the path."
      default: "Check the disk."
      }
    return ZorBAError(
      .inputOutput, "cannot \(verb) this", at: .init(file: path), advice: advice, cause: self)
  }
}
