import Foundation

/// Commands of the system that some tests use as an independent judge.
enum Tool {
  static let openssl = find("openssl")
  static let flock = find("flock")

  private static func find(_ name: String) -> String? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return folders.map { "\($0)/\(name)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// Runs a command to its end.
  static func run(_ path: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let running = try start(path, arguments)
    try running.release()
    let output = running.output.fileHandleForReading.readDataToEndOfFile()
    running.process.waitUntilExit()
    return (running.process.terminationStatus, String(decoding: output, as: UTF8.self))
  }

  static func start(_ path: String, _ arguments: [String]) throws -> Running {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    let running = Running(process: process)
    process.standardInput = running.input
    process.standardOutput = running.output
    process.standardError = running.output
    try process.run()
    return running
  }

  /// A command that runs until its standard input ends.
  struct Running {
    let process: Process
    let input = Pipe()
    let output = Pipe()

    func firstLine() throws -> String {
      var line: [UInt8] = []
      while let byte = try output.fileHandleForReading.read(upToCount: 1)?.first, byte != 10 {
        line.append(byte)
      }
      return String(decoding: line, as: UTF8.self)
    }

    func release() throws { try input.fileHandleForWriting.close() }
  }
}
