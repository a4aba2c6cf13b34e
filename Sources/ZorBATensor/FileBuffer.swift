import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Zero-filled writable memory that lies in an unnamed file.
///
/// The file loses its name as soon as it is open, so that a process that is killed leaves nothing
/// behind. All of its space is taken at once: a disk that is too small is an error here, never a
/// signal when a page is written later. The mapping is shared with the file, so the system may write
/// pages out and `drop` may unmap them at any time without losing a bit.
///
/// `@unchecked Sendable`: the stored pointer never changes; access to the bytes is governed by the
/// `Tensor`s made over them.
package final class FileBuffer: PagedMemory, @unchecked Sendable {
  package let bytes: UnsafeMutableRawPointer
  package let byteCount: Int

  /// Sets space aside for the first `byteCount` bytes of an open file; returns 0 or an `errno`.
  typealias Allocation = (_ descriptor: Int32, _ byteCount: Int) -> Int32

  /// - Parameters:
  ///   - byteCount: The size of the file.
  ///   - folder: Where the file lies while it is open. A folder that is itself in memory (tmpfs)
  ///     saves none.
  /// - Throws: `ZorBAError` with code `inputOutput` that names the folder and the bytes needed.
  package convenience init(byteCount: Int, folder: String) throws {
    try self.init(byteCount: byteCount, folder: folder, allocate: Self.allocate)
  }

  /// As above, with another way to set space aside, so that tests can have a full disk.
  init(byteCount: Int, folder: String, allocate: Allocation) throws {
    let size = max(byteCount, 1)
    let descriptor = try Self.openUnnamed(in: folder, for: byteCount)
    defer { close(descriptor) }
    try Self.requireRoom(descriptor, byteCount: size, folder: folder)
    guard ftruncate(descriptor, off_t(size)) == 0 else {
      throw Self.fault(folder, byteCount, number: errno)
    }
    let status = allocate(descriptor, size)
    guard status == 0 else { throw Self.fault(folder, byteCount, number: status) }
    guard let mapped = Self.map(descriptor, byteCount: size) else {
      throw Self.fault(folder, byteCount, number: errno)
    }
    // Whoever reads says so ahead. Reading around faults on top would make the system cache the file
    // in large units, and touching a byte of one would bring all of it into this process.
    madvise(mapped, size, MADV_RANDOM)
    bytes = mapped
    self.byteCount = byteCount
  }

  deinit { munmap(bytes, max(byteCount, 1)) }

  package func willNeed(_ range: Range<Int>) {
    for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.readSpan) {
      advise(start..<min(start + Self.readSpan, range.upperBound), MADV_WILLNEED)
    }
  }

  /// Of longer ranges the system would fetch the beginning only.
  private static let readSpan = 1 << 19

  package func drop(_ range: Range<Int>) { advise(range, MADV_DONTNEED) }

  /// Covers every page that `range` touches: on a shared mapping that is safe for its neighbours.
  private func advise(_ range: Range<Int>, _ advice: Int32) {
    let bounds = range.clamped(to: 0..<byteCount)
    guard !bounds.isEmpty else { return }
    let first = bounds.lowerBound / Self.pageSize * Self.pageSize
    // Advice that is refused costs speed or memory, never a result.
    madvise(bytes + first, bounds.upperBound - first, advice)
  }

  private static let pageSize = max(4096, Int(sysconf(Int32(_SC_PAGESIZE))))

  private static func openUnnamed(in folder: String, for byteCount: Int) throws -> Int32 {
    var template = Array("\(folder)/.zorba-weights-XXXXXX".utf8CString)
    let descriptor = template.withUnsafeMutableBufferPointer { text in
      text.baseAddress.map { mkstemp($0) } ?? -1
    }
    guard descriptor >= 0 else { throw fault(folder, byteCount, number: errno) }
    unlink(template)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    return descriptor
  }

  /// Refuses what cannot fit before a nearly full disk is filled up in the attempt.
  private static func requireRoom(
    _ descriptor: Int32, byteCount: Int, folder: String
  ) throws {
    var disk = statvfs()
    guard fstatvfs(descriptor, &disk) == 0 else { return }
    let (free, overflow) = UInt64(disk.f_bavail)
      .multipliedReportingOverflow(by: UInt64(disk.f_frsize))
    guard overflow || UInt64(byteCount) <= free else {
      throw fault(folder, byteCount, number: ENOSPC, free: free)
    }
    // Growing a file beyond this limit is answered with a signal that ends the process.
    var limit = rlimit()
    #if canImport(Glibc)
      let status = getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    #else
      let status = getrlimit(RLIMIT_FSIZE, &limit)
    #endif
    guard status != 0 || UInt64(byteCount) <= UInt64(limit.rlim_cur) else {
      throw fault(folder, byteCount, number: EFBIG)
    }
  }

  /// Maps the file at an address that `WeightResidency.faultSpan` divides, so that what a fault brings
  /// along is cut up like the file; nil, with `errno`, when that is refused.
  private static func map(_ descriptor: Int32, byteCount: Int) -> UnsafeMutableRawPointer? {
    let span = WeightResidency.faultSpan
    let (reserved, overflow) = byteCount.addingReportingOverflow(2 * span)
    guard !overflow else {
      errno = ENOMEM
      return nil
    }
    guard let place = mmap(nil, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      place != MAP_FAILED
    else { return nil }
    let start = place.alignedUp(toMultipleOf: span)
    let mapped = mmap(
      start, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, descriptor, 0)
    guard let mapped, mapped != MAP_FAILED else {
      let number = errno
      munmap(place, reserved)
      errno = number
      return nil
    }
    // The rest of the reservation goes back.
    let end = start + (byteCount + pageSize - 1) / pageSize * pageSize
    if start > place { munmap(place, start - place) }
    if end < place + reserved { munmap(end, place + reserved - end) }
    return mapped
  }

  private static func allocate(_ descriptor: Int32, byteCount: Int) -> Int32 {
    #if canImport(Darwin)
      var store = fstore_t(
        fst_flags: UInt32(F_ALLOCATEALL), fst_posmode: F_PEOFPOSMODE, fst_offset: 0,
        fst_length: off_t(byteCount), fst_bytesalloc: 0)
      return fcntl(descriptor, F_PREALLOCATE, &store) == 0 ? 0 : errno
    #else
      var status: Int32
      repeat { status = posix_fallocate(descriptor, 0, off_t(byteCount)) } while status == EINTR
      return status
    #endif
  }

  private static func fault(
    _ folder: String, _ byteCount: Int, number: Int32, free: UInt64? = nil
  ) -> ZorBAError {
    let reason = String(cString: strerror(number))
    let room = free.map { "; \($0) are free" } ?? ""
    let advice =
      switch number {
      case ENOSPC, EDQUOT: "Make room there, or keep the weights in memory: leave the budget out."
      case EFBIG: "Raise the limit on file sizes (ulimit -f), or leave the budget out."
      case ENOENT, ENOTDIR: "Check the path; nothing is there."
      case EACCES, EPERM, EROFS: "Name a folder that this user can write to."
      default: "Check the disk, or keep the weights in memory: leave the budget out."
      }
    return ZorBAError(
      .inputOutput,
      "a file of \(byteCount) bytes for the weights cannot be made here (\(reason)\(room))",
      at: .init(file: folder), advice: advice)
  }
}
