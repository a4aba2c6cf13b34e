import Synchronization
import ZorBAFiles

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A disk that takes so many more bytes and then fails, as when it is full or the process dies.
final class FailingDisk: Sendable {
  private let room = Mutex(Int.max)
  private let fails = Mutex(false)

  func failAfter(bytes: Int) { room.withLock { $0 = bytes } }

  func failToSynchronize(_ value: Bool) { fails.withLock { $0 = value } }

  var calls: FileSystemCalls {
    FileSystemCalls(
      write: { descriptor, bytes, offset in
        let allowed = self.room.withLock { room in
          let allowed = min(room, bytes.count)
          room -= allowed
          return allowed
        }
        guard allowed > 0 else {
          errno = ENOSPC
          return -1
        }
        return FileSystemCalls.system.write(
          descriptor, UnsafeRawBufferPointer(rebasing: bytes[..<allowed]), offset)
      },
      synchronize: { descriptor in
        guard !self.fails.withLock({ $0 }) else {
          errno = EIO
          return -1
        }
        return FileSystemCalls.system.synchronize(descriptor)
      })
  }
}
