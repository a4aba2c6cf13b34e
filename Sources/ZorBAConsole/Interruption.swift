import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Ctrl-C and SIGTERM as a flag that long work looks at between rounds or tokens.
///
/// Only commands that look at the flag listen; the others end at the first signal, as usual.
/// The first signal asks for a clean end; the second one ends the process at once, which is safe at
/// any instant because the journal is durable.
package enum Interruption {
  private static let signals = Atomic<Int>(0)

  /// Whether a clean end was asked for.
  package static var isRequested: Bool { signals.load(ordering: .relaxed) > 0 }

  /// Makes a reader that went away, or a file size limit, an error of the write instead of the end.
  package static func install() {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
  }

  /// From here on the first signal only raises the flag.
  package static func listen() {
    for number in [SIGINT, SIGTERM] {
      signal(number) { received in
        if Interruption.signals.wrappingAdd(1, ordering: .relaxed).oldValue > 0 {
          _exit(128 + received)
        }
      }
    }
  }
}
