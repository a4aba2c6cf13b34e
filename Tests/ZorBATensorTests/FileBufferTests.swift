import Testing
import ZorBADiagnostics
import ZorBATestSupport

@testable import ZorBATensor

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

@Suite struct FileBufferTests {
  /// A folder that is gone after the test.
  private final class Folder {
    let path: String

    init() throws {
      let url = FileManager.default.temporaryDirectory.appending(
        path: "zorba-buffer-\(UUID().uuidString)")
      path = url.path(percentEncoded: false)
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var names: [String] {
      get throws { try FileManager.default.contentsOfDirectory(atPath: path) }
    }
  }

  @Test func whatIsGivenBackIsThereAgain() throws {
    let folder = try Folder()
    let count = 3 << 18
    let buffer = try FileBuffer(byteCount: count, folder: folder.path)
    let words = buffer.bytes.bindMemory(to: UInt64.self, capacity: count / 8)
    #expect((0..<count / 8).allSatisfy { words[$0] == 0 })
    var random = SeededGenerator(seed: 5)
    for _ in 0..<200 {
      let place = Int.random(in: 0..<count / 8, using: &random)
      let word = random.next()
      words[place] = word
      let start = Int.random(in: -4096..<count, using: &random)
      let range = start..<Int.random(in: start...count + 4096, using: &random)
      buffer.drop(range.clamped(to: 0..<Int.max))
      buffer.willNeed(range.clamped(to: 0..<Int.max))
      #expect(words[place] == word)
    }
  }

  @Test func theFileHasNoName() throws {
    let folder = try Folder()
    let buffer = try FileBuffer(byteCount: 1 << 20, folder: folder.path)
    buffer.bytes.storeBytes(of: 7, as: UInt8.self)
    #expect(try folder.names.isEmpty)
    withExtendedLifetime(buffer) {}
  }

  @Test func emptyBuffersAreAllowed() throws {
    let folder = try Folder()
    #expect(try FileBuffer(byteCount: 0, folder: folder.path).byteCount == 0)
  }

  @Test func aFullDiskIsAnError() throws {
    let folder = try Folder()
    for number in [ENOSPC, EDQUOT, EFBIG, EIO] {
      let error = #expect(throws: ZorBAError.self) {
        _ = try FileBuffer(byteCount: 123_456, folder: folder.path) { descriptor, count in
          #expect(descriptor >= 0 && count == 123_456)
          return number
        }
      }
      #expect(error?.code == .inputOutput)
      let text = error?.description ?? ""
      #expect(text.contains(folder.path) && text.contains("123456"), "\(text)")
      #expect(text.contains(String(cString: strerror(number))), "\(text)")
    }
    #expect(try folder.names.isEmpty)
  }

  /// Refused before the attempt fills the disk.
  @Test func moreThanTheDiskHasIsAnError() throws {
    let folder = try Folder()
    let error = #expect(throws: ZorBAError.self) {
      _ = try FileBuffer(byteCount: Int.max, folder: folder.path) { _, _ in
        Issue.record("space was asked for")
        return ENOSPC
      }
    }
    #expect(error?.code == .inputOutput)
    #expect(error?.description.contains("\(Int.max)") == true)
  }

  @Test(arguments: ["/nowhere/at/all", "/dev/null"])
  func foldersThatAreNoneAreNamed(_ path: String) {
    let error = #expect(throws: ZorBAError.self) {
      _ = try FileBuffer(byteCount: 10, folder: path)
    }
    #expect(error?.code == .inputOutput)
    #expect(error?.location.file == path)
  }
}
