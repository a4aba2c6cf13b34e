#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Secret bytes in memory of their own, overwritten with zeros when the last reference goes.
///
/// An array would be copied, moved and left behind at the whim of the optimiser; this is allocated
/// once and never copied. What it cannot do is said in `docs/secure-aggregation.md`.
final class SecretBytes: ContiguousBytes {
  let count: Int
  private let memory: UnsafeMutableRawBufferPointer

  /// Bytes that `fill` writes.
  init(count: Int, fill: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows {
    self.count = count
    memory = .allocate(byteCount: count, alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0)
    try fill(memory)
  }

  /// Random bytes; `count` is a multiple of 8.
  convenience init(count: Int, from random: inout some RandomNumberGenerator) {
    self.init(count: count) { bytes in
      for offset in stride(from: 0, to: bytes.count - 7, by: 8) {
        bytes.storeBytes(of: random.next(), toByteOffset: offset, as: UInt64.self)
      }
    }
  }

  /// A copy of part of something.
  convenience init(copying source: UnsafeRawBufferPointer) {
    self.init(count: source.count) { $0.copyMemory(from: source) }
  }

  deinit {
    Self.erase(memory)
    memory.deallocate()
  }

  func withUnsafeBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    defer { withExtendedLifetime(self) {} }
    return try body(UnsafeRawBufferPointer(memory))
  }

  /// Overwrites with zeros in a way that the optimiser may not take out.
  static func erase(_ memory: UnsafeMutableRawBufferPointer) {
    guard let base = memory.baseAddress else { return }
    #if canImport(Glibc) || canImport(Musl)
      explicit_bzero(base, memory.count)
    #else
      memset_s(base, memory.count, 0, memory.count)
    #endif
  }
}
