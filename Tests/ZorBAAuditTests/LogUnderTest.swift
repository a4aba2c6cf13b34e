import Synchronization
import Testing
import ZorBAFiles
import ZorBAJSON
import ZorBATestSupport

@testable import ZorBAAudit

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A log in a folder that is gone with its last reference.
final class LogUnderTest {
  let folder: String
  var path: String { "\(folder)/audit.jsonl" }
  var files: LogFiles { LogFiles(path) }

  init() throws {
    let memory = "/dev/shm"
    let parent =
      FileManager.default.isWritableFile(atPath: memory)
      ? URL(filePath: memory) : FileManager.default.temporaryDirectory
    let url = parent.appending(path: "zorba-audit-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    folder = url.path(percentEncoded: false)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// Options with a clock that ticks a second a record.
  static func options(bytesPerFile: Int = 64 << 20) -> AuditLog.Options {
    let clock = Ticking()
    var options = AuditLog.Options()
    options.bytesPerFile = bytesPerFile
    options.clock = { clock.tick() }
    return options
  }

  func open(
    bytesPerFile: Int = 64 << 20, keeper: (any LogKeeper)? = nil, calls: FileSystemCalls = .system
  ) throws -> AuditLog {
    var options = Self.options(bytesPerFile: bytesPerFile)
    options.calls = calls
    return try AuditLog(path: path, keeper: keeper, options: options)
  }

  /// Writes a log of so many records of many kinds, the head included.
  @discardableResult
  func fill(_ count: Int, bytesPerFile: Int = 64 << 20, seed: UInt64 = 1) throws -> AuditLog {
    let log = try open(bytesPerFile: bytesPerFile)
    var generator = SeededGenerator(seed: seed)
    for number in 1..<max(2, count) {
      try log.append(Self.entry(number, using: &generator))
    }
    return log
  }

  static func entry(_ number: Int, using generator: inout SeededGenerator) -> AuditEntry {
    let kinds = AuditKind.allCases.filter { !$0.rawValue.hasPrefix("log.") }
    return AuditEntry(
      kinds[Int.random(in: 0..<kinds.count, using: &generator)],
      by: "zorba://hearts/site/s\(number % 3)", run: number.isMultiple(of: 2) ? "alpha" : nil,
      round: number.isMultiple(of: 3) ? number : nil,
      digest: number.isMultiple(of: 5) ? String(repeating: "ab", count: 16) : nil,
      detail: ["reason": .string("because of \(number)"), "list": [1, true, nil]])
  }

  func lines(_ file: String? = nil) throws -> [[UInt8]] {
    try read(file).split(separator: UInt8(ascii: "\n")).map(Array.init)
  }

  func read(_ file: String? = nil) throws -> [UInt8] {
    try [UInt8](Data(contentsOf: URL(filePath: file ?? path)))
  }

  /// Puts a copy with these bytes beside the log; its path.
  func copy(_ bytes: [UInt8], _ name: String = "copy.jsonl") throws -> String {
    let path = "\(folder)/\(name)"
    try Data(bytes).write(to: URL(filePath: path))
    return path
  }

  func copy(lines: [[UInt8]], _ name: String = "copy.jsonl") throws -> String {
    try copy(Array(lines.map { $0 + [UInt8(ascii: "\n")] }.joined()), name)
  }

  func mode(_ path: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return
      (attributes[.posixPermissions] as? Int ?? Int(attributes[.posixPermissions] as? UInt ?? 0))
  }
}

/// A clock that goes on by a second each time it is looked at.
final class Ticking: Sendable {
  private let milliseconds = Mutex<Int64>(1_772_366_400_000)

  func tick() -> AuditTime {
    milliseconds.withLock {
      $0 += 1000
      return AuditTime(milliseconds: $0)
    }
  }
}
