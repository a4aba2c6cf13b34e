import ZorBAAudit
import ZorBADiagnostics
import ZorBAJSON

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension EvidencePack {
  /// Writes the pack into a new folder, for its owner alone.
  ///
  /// - Throws: `ZorBAError` with code `refused` when the folder is there, `inputOutput` when it cannot
  ///   be written.
  package func write(to folder: String) throws {
    guard mkdir(folder, 0o700) == 0 else {
      guard errno == EEXIST else { throw Self.fault(folder) }
      throw ZorBAError(
        .refused, "the folder is there already", at: .init(file: folder),
        advice: "Let --out name a new folder.")
    }
    var digests = ""
    func put(_ name: String, _ bytes: [UInt8]) throws {
      try Self.write(bytes, to: "\(folder)/\(name)")
      digests += "\(Hexadecimal.digest(of: bytes))  \(name)\n"
    }
    try put("evidence.md", Array(markdown.utf8))
    try put("evidence.json", Array((json.serializedForReading).utf8))
    try put("specification.json", journal.header)
    for name in RunDocuments.copied {
      if let bytes = documents.contents(name) { try put(name, bytes) }
    }
    try Self.write(Array(digests.utf8), to: "\(folder)/SHA256SUMS")
  }

  private static func write(_ bytes: [UInt8], to path: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw fault(path) }
    defer { close(descriptor) }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw fault(path) }
      rest = rest.dropFirst(count)
    }
  }

  private static func fault(_ path: String) -> ZorBAError {
    ZorBAError(
      .inputOutput, "cannot be written: \(String(cString: strerror(errno)))", at: .init(file: path),
      advice: "Check the path, the permissions and the disk.")
  }
}

/// `write(2)` under a name of its own, outside the type whose method would hide it.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}
