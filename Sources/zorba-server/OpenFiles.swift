import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How many files this process may have open; every connection is one.
enum OpenFiles {
  /// What a process needs beside its connections: its store, journals, logs and threads.
  static let reserve = 256

  /// Raises the limit to the most that the system lets this process have; what it is then.
  static func raiseLimit() -> Int {
    var limit = rlimit()
    guard getrlimit(kind, &limit) == 0 else { return 1024 }
    let before = limit.rlim_cur
    limit.rlim_cur = limit.rlim_max
    if setrlimit(kind, &limit) != 0 { limit.rlim_cur = before }
    return Int(clamping: limit.rlim_cur)
  }

  /// A sentence for whoever runs the process when so many connections do not fit; nil when they do.
  static func shortage(of connections: Int, limit: Int) -> String? {
    guard limit < connections + reserve else { return nil }
    return "this process may have \(limit) files open, too few for \(connections) connections: "
      + "raise the limit to \(connections + reserve), with 'ulimit -Hn' or LimitNOFILE= in the "
      + "service's unit"
  }

  #if canImport(Glibc)
    private static var kind: __rlimit_resource_t { __rlimit_resource_t(RLIMIT_NOFILE.rawValue) }
  #else
    private static var kind: Int32 { RLIMIT_NOFILE }
  #endif
}
