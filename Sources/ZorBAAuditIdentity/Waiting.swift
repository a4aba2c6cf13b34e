#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Lets another process go first.
func wait(milliseconds: Int) { usleep(UInt32(clamping: milliseconds * 1000)) }
