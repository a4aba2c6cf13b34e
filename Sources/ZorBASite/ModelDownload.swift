import Crypto
import SwiftProtobuf
import ZorBADiagnostics
import ZorBAWire

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Fetches a base model or a snapshot file by file; goes on where an earlier try ended, and believes no byte before
/// the whole file has the digest that was announced.
struct ModelDownload: Sendable {
  let folder: String
  let run: String
  /// What the files are.
  let description: Zorba_V1_DescribeModelResponse
  let observer: @Sendable (AgentNotice) -> Void

  /// An empty file that says that all others are complete.
  static let marker = ".complete"

  /// Bytes that are still to be fetched.
  var missingBytes: UInt64 {
    description.files.reduce(0) { sum, file in
      let path = "\(folder)/\(file.name)"
      if FileDigest.size(of: path) == file.bytes { return sum }
      return sum + file.bytes - min(file.bytes, FileDigest.size(of: path + ".part") ?? 0)
    }
  }

  /// Fetches what is missing.
  ///
  /// - Throws: `ZorBAError` with code `invalidModel` when a file has another digest than announced,
  ///   `inputOutput` when the disk refuses, and whatever ends the connection.
  func complete(over connection: WireConnection) async throws {
    try makeFolder()
    for file in description.files { try await complete(file, over: connection) }
    try DownloadSink(path: "\(folder)/\(Self.marker)").synchronize()
  }

  private func makeFolder() throws {
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw ZorBAError(
        .inputOutput, "the folder cannot be made", at: .init(file: folder),
        advice: "Check the permissions of the state folder.", cause: error)
    }
  }

  /// Thrown to end a transfer that has told its speed.
  private struct Enough: Error {}

  /// Bytes a second, seen on the beginning of what is missing, which is kept; nil when next to nothing
  /// is missing.
  func measuredRate(over connection: WireConnection) async throws -> Double? {
    try makeFolder()
    guard let file = description.files.max(by: { $0.bytes < $1.bytes }), !Self.isPath(file.name),
      FileDigest.size(of: "\(folder)/\(file.name)") != file.bytes
    else { return nil }
    let sink = try DownloadSink(path: "\(folder)/\(file.name).part")
    let first = sink.byteCount
    guard first < file.bytes else { return nil }
    let start = ContinuousClock.now
    let isEnough = { @Sendable in
      sink.byteCount - first >= 4 << 20 || ContinuousClock.now - start > .seconds(2)
    }
    do {
      try await fetch(file, into: sink, over: connection) { if isEnough() { throw Enough() } }
    } catch {
      // An end that was wished for may come as an error of the wire's.
      guard isEnough() else { throw error }
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    return seconds > 0 ? Double(sink.byteCount - first) / seconds : nil
  }

  /// A path must not lead out of the folder whatever the wire let through.
  private static func isPath(_ name: String) -> Bool {
    name.contains("/") || name.hasPrefix(".")
  }

  private func fetch(
    _ file: Zorba_V1_DescribeModelResponse.File, into sink: DownloadSink,
    over connection: WireConnection, piece taken: @escaping @Sendable () throws -> Void = {}
  ) async throws {
    try await connection.fetchModel(
      .with {
        $0.run = run
        $0.round = description.round
        $0.name = file.name
        $0.offset = sink.byteCount
      }
    ) { piece in
      guard sink.byteCount + UInt64(piece.count) <= file.bytes else {
        throw ZorBAError(
          .invalidModel, "'\(file.name)' is longer than the \(file.bytes) bytes announced")
      }
      try sink.append(Array(piece))
      observer(.downloading(file: file.name, done: sink.byteCount, total: file.bytes))
      try taken()
    }
  }

  private func complete(
    _ file: Zorba_V1_DescribeModelResponse.File, over connection: WireConnection
  ) async throws {
    guard !Self.isPath(file.name) else {
      throw ZorBAError(.invalidModel, "'\(file.name.excerpt())' is no file of a model")
    }
    let path = "\(folder)/\(file.name)"
    if let known = try? FileDigest(path: path), known.bytes == file.bytes,
      known.digest == Array(file.digest)
    {
      return
    }
    let part = path + ".part"
    let sink = try DownloadSink(path: part)
    if sink.byteCount > file.bytes { try sink.restart() }
    observer(.downloading(file: file.name, done: sink.byteCount, total: file.bytes))
    if sink.byteCount < file.bytes {
      try await fetch(file, into: sink, over: connection)
    }
    try sink.synchronize()
    guard try FileDigest(path: part).digest == Array(file.digest) else {
      try sink.restart()
      throw ZorBAError(
        .invalidModel, "'\(file.name)' has another digest than the coordinator announced",
        at: .init(file: part),
        advice: "It will be fetched anew; if this happens again, tell the operator.")
    }
    try sink.rename(to: path)
  }
}
