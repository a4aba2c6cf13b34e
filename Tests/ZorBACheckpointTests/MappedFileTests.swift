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

@Suite struct MappedFileTests {
  @Test func contentIsTheFile() throws {
    let folder = try TemporaryFolder()
    let bytes = (0..<10_001).map { UInt8(truncatingIfNeeded: $0 * 7) }
    let file = try MappedFile(path: try folder.write(bytes, to: "f"))
    #expect(file.byteCount == bytes.count)
    #expect(Array(file.bytes) == bytes)
    #expect(file.path == folder.path("f"))
  }

  @Test("Discarded pages read the same again, whatever the range")
  func discardKeepsContent() throws {
    let folder = try TemporaryFolder()
    let bytes = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 * 31) }
    let file = try MappedFile(path: try folder.write(bytes, to: "f"))
    for range in [0..<50_000, 1..<2, 4095..<4097, 49_999..<50_000, -5..<9_999_999, 7..<7] {
      file.discardPages(range)
      #expect(Array(file.bytes) == bytes)
    }
  }

  @Test("The content outlives the file's name")
  func replacementIsSafe() throws {
    let folder = try TemporaryFolder()
    let file = try MappedFile(path: try folder.write("old content", to: "f"))
    let replacement = try AtomicFile(path: folder.path("f"))
    try replacement.append("new")
    try replacement.commit()
    #expect(String(decoding: file.bytes, as: UTF8.self) == "old content")
    #expect(try folder.bytes("f") == Array("new".utf8))
  }

  @Test func missingFile() throws {
    let folder = try TemporaryFolder()
    let error = try fault { _ = try MappedFile(path: folder.path("none")) }
    #expect(error.code == .inputOutput)
    #expect(error.location.file == folder.path("none"))
    #expect(error.description.contains("No such file"))
  }

  @Test func directory() throws {
    let folder = try TemporaryFolder()
    let error = try fault { _ = try MappedFile(path: folder.path) }
    #expect(error.code == .inputOutput)
    #expect(error.message.contains("is a directory"))
  }

  @Test func emptyFile() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("", to: "f")
    let error = try fault { _ = try MappedFile(path: path) }
    #expect(error.code == .invalidModel)
    #expect(error.message.contains("empty"))
    let data = try fault { _ = try MappedFile(path: path, emptyFileCode: .invalidData) }
    #expect(data.code == .invalidData)
  }

  // The superuser may read everything, so there is nothing to see as root.
  @Test(.enabled(if: geteuid() != 0, "needs a user who can be refused"))
  func permissionDenied() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("x", to: "f")
    chmod(path, 0)
    let error = try fault { _ = try MappedFile(path: path) }
    #expect(error.code == .inputOutput)
    #expect(error.description.contains("Permission denied"))
    #expect(error.advice?.contains("permission") == true)
  }

  @Test("A named pipe fails at once; opening one usually waits for a writer")
  func namedPipe() throws {
    let folder = try TemporaryFolder()
    #expect(mkfifo(folder.path("pipe"), 0o600) == 0)
    let error = try fault { _ = try MappedFile(path: folder.path("pipe")) }
    #expect(error.message.contains("not a regular file"))
  }
}
