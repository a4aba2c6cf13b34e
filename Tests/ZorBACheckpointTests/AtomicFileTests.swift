import Synchronization
import Testing
import ZorBACheckpoint
import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

@Suite struct AtomicFileTests {
  @Test func nothingAppearsBeforeTheCommit() throws {
    let folder = try TemporaryFolder()
    try folder.write("old", to: "f")
    let file = try AtomicFile(path: folder.path("f"))
    try file.append("ne")
    try file.append("w")
    #expect(try folder.bytes("f") == Array("old".utf8))
    try file.commit()
    #expect(try folder.bytes("f") == Array("new".utf8))
    #expect(try folder.names() == ["f"])
  }

  @Test("Dropped without a commit, it leaves everything as it was")
  func abandoned() throws {
    let folder = try TemporaryFolder()
    try folder.write("old", to: "f")
    do {
      let file = try AtomicFile(path: folder.path("f"))
      try file.append("new")
      #expect(try folder.names().count == 2)
    }
    #expect(try folder.names() == ["f"])
    #expect(try folder.bytes("f") == Array("old".utf8))
  }

  @Test("Two at once for one name do not meet; the last commit wins")
  func concurrent() throws {
    let folder = try TemporaryFolder()
    let first = try AtomicFile(path: folder.path("f"))
    let second = try AtomicFile(path: folder.path("f"))
    try first.append("first")
    try second.append("second")
    try second.commit()
    try first.commit()
    #expect(try folder.bytes("f") == Array("first".utf8))
    #expect(try folder.names() == ["f"])
  }

  @Test("A full disk is a clean error and leaves no temporary file")
  func fullDisk() throws {
    let folder = try TemporaryFolder()
    do {
      let file = try AtomicFile(path: folder.path("f")) { _, _, _ in
        errno = ENOSPC
        return -1
      }
      let error = try fault { try file.append("content") }
      #expect(error.code == .inputOutput)
      #expect(error.location.file == folder.path("f"))
      #expect(error.description.contains("No space left"))
      #expect(error.advice?.contains("disk is full") == true)
    }
    #expect(try folder.names().isEmpty)
  }

  @Test("A write that takes nothing ends too")
  func writeThatTakesNothing() throws {
    let folder = try TemporaryFolder()
    let file = try AtomicFile(path: folder.path("f")) { _, _, _ in 0 }
    #expect(throws: ZorBAError.self) { try file.append("content") }
  }

  @Test("Short and interrupted writes are continued")
  func shortWrites() throws {
    let folder = try TemporaryFolder()
    let calls = Mutex(0)
    let file = try AtomicFile(path: folder.path("f")) { descriptor, bytes, count in
      let call = calls.withLock { calls in
        calls += 1
        return calls
      }
      if call % 2 == 1 {
        errno = EINTR
        return -1
      }
      return systemWrite(descriptor, bytes, min(count, 3))
    }
    let text = "ten bytes and more"
    try file.append(text)
    try file.commit()
    #expect(try folder.bytes("f") == Array(text.utf8))
    #expect(calls.withLock { $0 } == 12)
  }

  @Test func missingFolder() throws {
    let folder = try TemporaryFolder()
    let error = try fault { _ = try AtomicFile(path: folder.path("none/f")) }
    #expect(error.code == .inputOutput)
    #expect(error.description.contains("No such file"))
    #expect(error.advice == "Create the folder first.")
  }

  @Test("A directory in the way is an error of the commit, and the temporary file goes")
  func renameFails() throws {
    let folder = try TemporaryFolder()
    #expect(mkdir(folder.path("f"), 0o755) == 0)
    do {
      let file = try AtomicFile(path: folder.path("f"))
      let error = try fault { try file.commit() }
      #expect(error.message.contains("rename"))
    }
    #expect(try folder.names() == ["f"])
  }
}
