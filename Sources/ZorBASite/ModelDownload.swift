import Crypto
import SwiftProtobuf
import ZorBADiagnostics
import ZorBAWire

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Fetches a base model file by file; goes on where an earlier try ended, and believes no byte before
/// the whole file has the digest that was announced.
struct ModelDownload: Sendable {
  let folder: String
  let run: String
  let observer: @Sendable (AgentNotice) -> Void

  /// Fetches what is missing.
  ///
  /// - Throws: `ZorBAError` with code `invalidModel` when a file has another digest than announced,
  ///   `inputOutput` when the disk refuses, and whatever ends the connection.
  func complete(over connection: WireConnection) async throws {
    let description = try await connection.describeModel(.with { $0.run = run })
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw ZorBAError(
        .inputOutput, "the folder cannot be made", at: .init(file: folder),
        advice: "Check the permissions of the state folder.", cause: error)
    }
    for file in description.files { try await complete(file, over: connection) }
  }

  private func complete(
    _ file: Zorba_V1_DescribeModelResponse.File, over connection: WireConnection
  ) async throws {
    // The wire checks names; a path must not lead out of the folder whatever it says.
    guard !file.name.contains("/"), file.name != "..", file.name != "." else {
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
      try await connection.fetchModel(
        .with {
          $0.run = run
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
      }
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
