import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Zero-filled memory, page-aligned, that the kernel commits only when it is touched.
///
/// Memory comes from an anonymous mapping, so pages never written cost nothing and freed buffers go
/// back to the system at once.
///
/// `@unchecked Sendable`: the stored pointer never changes; access to the bytes is governed by the
/// `Tensor`s made over them.
package final class AlignedBuffer: @unchecked Sendable {
  package let bytes: UnsafeMutableRawPointer
  package let byteCount: Int

  /// Maps `byteCount` zero bytes.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput` when memory is exhausted.
  package init(byteCount: Int) throws {
    let mapped = mmap(
      nil, max(byteCount, 1), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let mapped, mapped != MAP_FAILED else {
      throw ZorBAError(
        .inputOutput, "cannot reserve \(byteCount) bytes of memory (errno \(errno))",
        advice: "Free memory on this machine or use a smaller model, batch or sequence length.")
    }
    #if os(Linux)
      // A matrix product walks a thousand rows of 12 KiB at once: with 4 KiB pages that overflows
      // the translation buffers and costs an eighth of the time. Refusal changes nothing else.
      if byteCount >= 4 << 20 { madvise(mapped, byteCount, MADV_HUGEPAGE) }
    #endif
    self.bytes = mapped
    self.byteCount = byteCount
  }

  deinit { munmap(bytes, max(byteCount, 1)) }
}
