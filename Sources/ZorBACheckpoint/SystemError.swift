#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A failed system call, by its `errno`.
struct SystemError: Error, Equatable, CustomStringConvertible {
  let number: Int32

  /// The fault of the system call that has just failed on this thread.
  static var last: SystemError { SystemError(number: errno) }

  /// The system's own words, such as `No such file or directory`.
  var description: String { String(cString: strerror(number)) }
}
