import Crypto
import ZorBADiagnostics
import ZorBAFiles

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The Ed25519 key of an audit log: 32 bytes as hexadecimal digits in a file that only its owner can
/// read. It signs records and nothing else, so that the identity's key need not be at hand for each.
enum LogKey {
  /// - Throws: `ZorBAError` with code `refused` when others may read the file, `invalidData` when it
  ///   holds no key, `inputOutput` when it cannot be read; nil when there is none.
  static func load(_ path: String) throws -> Curve25519.Signing.PrivateKey? {
    guard access(path, F_OK) == 0 || errno != ENOENT else { return nil }
    let file = try PrivateFile(path: path, for: .reading, advice: .audit)
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & 0o077 == 0 else {
      throw ZorBAError(
        .refused, "others may read the key of the audit log", at: .init(file: path),
        advice: "Run 'chmod 600' on it; if others could have read it, begin a new log.")
    }
    let bytes = try file.read(at: 0, count: 80)
    let text = String(decoding: bytes.prefix(64), as: UTF8.self)
    guard bytes.count == 65, bytes.last == UInt8(ascii: "\n"),
      let raw = Hexadecimal.bytes(text, count: 32),
      let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: raw)
    else {
      throw ZorBAError(
        .invalidData, "this is no key of an audit log", at: .init(file: path),
        advice: "Restore it from a backup, or put key and log aside to begin a new one.")
    }
    return key
  }

  /// Makes a key and keeps it durably.
  static func make(_ path: String) throws -> Curve25519.Signing.PrivateKey {
    let key = Curve25519.Signing.PrivateKey()
    let temporary = "\(path).tmp"
    unlink(temporary)
    let file = try PrivateFile(path: temporary, for: .making, advice: .audit)
    try file.append(Array((Hexadecimal.text(key.rawRepresentation) + "\n").utf8))
    try file.synchronize()
    try file.rename(to: path, fault: "cannot be made")
    return key
  }
}
