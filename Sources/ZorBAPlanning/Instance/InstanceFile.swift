import ZorBADiagnostics
import ZorBAJSON

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Reads a planning problem from JSON: `docs/planning.md` lists the keys.
///
/// A mistake in a file must not become a plan, so everything is checked: unknown keys, counts,
/// ranges, contradictions.
package enum InstanceFile {
  /// Far more than the largest instance allowed takes.
  package static let maximumBytes = 1 << 27
  package static let maximumClients = 100_000
  package static let maximumBlocks = 4096
  /// Clients times blocks.
  package static let maximumPairs = 4_000_000

  /// - Throws: `ZorBAError` with code `invalidConfiguration`, naming key and value when the file is no
  ///   instance.
  package static func read(path: String) throws -> PlanningInstance {
    try parse(try content(of: path), file: path)
  }

  /// - Throws: `ZorBAError` with code `invalidConfiguration`.
  package static func parse(_ bytes: [UInt8], file: String? = nil) throws -> PlanningInstance {
    guard bytes.count <= maximumBytes else { throw oversize(file) }
    let root = try JSONParser.parse(bytes, file: file, code: .invalidConfiguration)
    guard let object = root.object else {
      throw ZorBAError(
        .invalidConfiguration, "the file holds \(root.kind) where an object should stand",
        at: .init(file: file),
        advice: "An instance is {\"clients\": 4, \"blocks\": 12, …}; see docs/planning.md.")
    }
    return try InstanceReader(InstanceFields(file: file, object: object)).instance()
  }

  /// The file's bytes; the limit holds before they are read, for pipes while.
  private static func content(of path: String) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw unreadable(path) }
    defer { close(descriptor) }
    var status = stat()
    if fstat(descriptor, &status) == 0, Int(status.st_size) > maximumBytes { throw oversize(path) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = chunk.withUnsafeMutableBytes { systemRead(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw unreadable(path) }
      if count == 0 { return bytes }
      bytes += chunk[..<count]
      if bytes.count > maximumBytes { throw oversize(path) }
    }
  }

  private static func unreadable(_ path: String) -> ZorBAError {
    ZorBAError(
      .invalidConfiguration, "the instance cannot be read: \(String(cString: strerror(errno)))",
      at: .init(file: path), advice: "Check that the file exists and that you may read it.")
  }

  private static func oversize(_ path: String?) -> ZorBAError {
    ZorBAError(
      .invalidConfiguration, "the file has more than \(maximumBytes >> 20) MiB",
      at: .init(file: path),
      advice: "An instance has at most \(maximumPairs) pairs of a client and a block.")
  }
}

/// `read(2)` under a name of its own.
private func systemRead(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int
{
  read(descriptor, bytes, count)
}
