import Synchronization
import Testing
import ZorBADiagnostics
import ZorBAFiles
import ZorBATestSupport

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

@Suite(.serialized) struct PrivateFileTests {
  /// In a process of its own: the umask is the whole process's.
  @Test func whatIsMadeIsForItsOwnerAloneWhateverTheUmask() async {
    await #expect(processExitsWith: .success) {
      let folder = try FolderUnderTest()
      for (number, mask) in [0, 0o022, 0o077, 0o277].enumerated() {
        umask(mode_t(mask))
        for purpose in [PrivateFile.Purpose.appending, .locking, .replacing, .making] {
          let name = "\(number)-\(purpose)"
          _ = try folder.open(name, for: purpose)
          #expect(try folder.mode(name) == 0o600, "\(name)")
        }
      }
      umask(0)
      #expect(FileSystemCalls.reserve(folder.file("spare"), 100_000) == 0)
      #expect(try folder.mode("spare") == 0o600)
      #expect(try folder.content("spare").count == 100_000)
    }
  }

  /// What an earlier version, a copy or a restored backup left open to others.
  @Test func whatWasOpenToOthersIsClosedToThem() throws {
    let folder = try FolderUnderTest()
    for purpose in [PrivateFile.Purpose.appending, .locking, .replacing] {
      _ = try folder.open("\(purpose)", for: .making)
      #expect(chmod(folder.file("\(purpose)"), 0o666) == 0)
      _ = try folder.open("\(purpose)", for: purpose)
      #expect(try folder.mode("\(purpose)") == 0o600)
    }
    #expect(chmod(folder.file("appending"), 0o644) == 0)
    let file = try folder.open("appending", for: .updating)
    #expect(try folder.mode("appending") == 0o644)
    try file.makePrivate()
    #expect(try folder.mode("appending") == 0o600)
  }

  /// Writes at the end and elsewhere give what a plain array gives, however short each one is.
  @Test func everyWriteIsWholeOrThrows() throws {
    let folder = try FolderUnderTest()
    let random = Mutex(SeededGenerator(seed: 3))
    let calls = FileSystemCalls(
      write: { descriptor, bytes, offset in
        let count = random.withLock { Int.random(in: -2...bytes.count, using: &$0) }
        guard count > 0 else {
          errno = EINTR
          return -1
        }
        let part = UnsafeRawBufferPointer(rebasing: bytes[..<count])
        return FileSystemCalls.system.write(descriptor, part, offset)
      }, synchronize: FileSystemCalls.system.synchronize)
    var generator = SeededGenerator(seed: 5)
    var expected: [UInt8] = []
    for round in 0..<200 {
      let bytes = (0..<Int.random(in: 0...300, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      if round.isMultiple(of: 2) {
        let file = try folder.open("log", for: .appending, calls: calls)
        try file.append(bytes)
        expected += bytes
      } else {
        let file = try folder.open("log", for: .updating, calls: calls)
        let offset = Int.random(in: 0...expected.count, using: &generator)
        try file.write(bytes, at: offset)
        expected.replaceSubrange(
          offset..<min(expected.count, offset + bytes.count), with: bytes)
      }
    }
    #expect(try folder.content("log") == expected)
    let file = try folder.open("log", for: .reading)
    #expect(try file.byteCount() == expected.count)
    #expect(try file.read(at: 0, count: .max) == expected)
    #expect(try file.read(at: 7, count: 9) == Array(expected[7..<16]))
    #expect(try file.read(at: expected.count + 5, count: 9).isEmpty)
  }

  @Test func errorsSayWhatFollows() throws {
    let folder = try FolderUnderTest()
    let number = Mutex<Int32>(ENOSPC)
    let calls = FileSystemCalls(
      write: { _, _, _ in
        errno = number.withLock { $0 }
        return number.withLock { $0 } == 0 ? 0 : -1
      },
      synchronize: { _ in
        errno = EIO
        return -1
      })
    let file = try folder.open("log", for: .appending, calls: calls)
    for value in [ENOSPC, 0] {
      number.withLock { $0 = value }
      let full = #expect(throws: ZorBAError.self) { try file.append([1]) }
      #expect(full?.code == .inputOutput && full?.advice == "Nothing was written.")
      #expect(full?.message.contains("No space left") == true)
      #expect(full?.location.file == folder.file("log"))
    }
    let unconfirmed = #expect(throws: ZorBAError.self) { try file.synchronize() }
    #expect(unconfirmed?.advice == "Nothing was kept.")
    let missing = #expect(throws: ZorBAError.self) { try folder.open("none", for: .reading) }
    #expect(missing?.advice == "Reach.")
    let taken = #expect(throws: ZorBAError.self) { try folder.open("log", for: .making) }
    #expect(taken?.code == .inputOutput)
    let nowhere = #expect(throws: ZorBAError.self) {
      try file.rename(to: folder.file("none/log"), fault: "cannot be put in place")
    }
    #expect(nowhere?.message.hasPrefix("cannot be put in place") == true)
    #expect(file.path == folder.file("log"))
  }

  @Test func onlyRegularFilesAreOpened() throws {
    let folder = try FolderUnderTest()
    #expect(throws: ZorBAError.self) { try folder.open("", for: .reading) }
    #expect(mkfifo(folder.file("pipe"), 0o600) == 0)
    // Neither waits for the pipe's other end.
    for purpose in [PrivateFile.Purpose.reading, .updating, .appending] {
      #expect(throws: ZorBAError.self) { try folder.open("pipe", for: purpose) }
    }
  }

  @Test func oneHoldsTheLock() throws {
    let folder = try FolderUnderTest()
    var first: PrivateFile? = try folder.open("lock", for: .locking)
    #expect(try first?.lock() == true)
    let second = try folder.open("lock", for: .locking)
    #expect(try !second.lock())
    first = nil
    #expect(try second.lock())
  }

  @Test func namesAreFollowed() throws {
    let folder = try FolderUnderTest()
    let file = try folder.open("new", for: .replacing)
    try file.append([1, 2, 3])
    _ = try folder.open("old", for: .making)
    try file.rename(to: folder.file("old"))
    #expect(try file.path == folder.file("old") && file.isInPlace())
    #expect(try folder.content("old") == [1, 2, 3])
    #expect(file.truncate(to: 1))
    #expect(try folder.content("old") == [1])
    #expect(unlink(folder.file("old")) == 0)
    #expect(try !file.isInPlace())
    _ = try folder.open("old", for: .making)
    #expect(try !file.isInPlace())
  }
}
