import Foundation
import ZorBADiagnostics

/// A program that a demonstration runs beside itself.
final class DemoProcess {
  /// Where its messages go.
  let log: String
  private let process: Process

  /// Starts it; standard output goes to the log's name with `out` for `log`.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`.
  init(_ program: String, _ arguments: [String], log: String) throws {
    self.log = log
    process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardError = try Self.file(log)
    process.standardOutput = try Self.file(log.replacing(".log", with: ".out"))
    do {
      try process.run()
    } catch {
      throw ZorBAError(
        .inputOutput, "cannot be started", at: .init(file: program), cause: error)
    }
  }

  var isRunning: Bool { process.isRunning }
  /// How it ended.
  var status: Int32 { process.terminationStatus }

  /// Ends it and waits until it has ended.
  func end() {
    guard process.isRunning else { return }
    process.terminate()
    for _ in 0..<50 where process.isRunning { Thread.sleep(forTimeInterval: 0.1) }
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
  }

  /// The port that a coordinator says it listens on.
  ///
  /// - Throws: `ZorBAError` when it ends first, or says nothing for a minute.
  func port() throws -> Int {
    for _ in 0..<600 {
      let said = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
      if let match = said.firstMatch(of: /Listening on [^ ]*:(\d+)\./), let port = Int(match.1) {
        return port
      }
      guard process.isRunning else { break }
      Thread.sleep(forTimeInterval: 0.1)
    }
    throw ZorBAError(
      .inputOutput, "the coordinator does not listen", at: .init(file: log), advice: lastWords)
  }

  /// The end of what it said.
  var lastWords: String {
    let said = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
    return said.split(separator: "\n").suffix(3).joined(separator: "\n")
  }

  /// Runs a program to its end and gives its standard output.
  ///
  /// - Throws: `ZorBAError` with what it said when it fails.
  static func output(of program: String, _ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    do {
      try process.run()
    } catch {
      throw ZorBAError(.inputOutput, "cannot be started", at: .init(file: program), cause: error)
    }
    // A few lines at most, so neither pipe fills while the other is read.
    let said = output.fileHandleForReading.readDataToEndOfFile()
    let complaint = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw ZorBAError(
        .inputOutput, String(decoding: complaint, as: UTF8.self), at: .init(file: program))
    }
    return String(decoding: said, as: UTF8.self)
  }

  private static func file(_ path: String) throws -> FileHandle {
    guard
      FileManager.default.createFile(
        atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]),
      let handle = FileHandle(forWritingAtPath: path)
    else { throw ZorBAError(.inputOutput, "cannot be made", at: .init(file: path)) }
    return handle
  }
}
