#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The three descriptors that every process expects to have.
package enum StandardStreams {
  /// Opens `/dev/null` for those that the caller closed, as `>&-` does.
  ///
  /// Otherwise the first file a run opens, its journal perhaps, would be standard output, and what
  /// is meant for a reader would be written into it.
  package static func reserve() {
    for descriptor in STDIN_FILENO...STDERR_FILENO
    where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
      // The lowest free descriptor is this one: those below it are open by now.
      _ = open("/dev/null", O_RDWR)
    }
  }
}
