import ZorBADiagnostics
package import ZorBAFiles
import ZorBAJSON

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How far a site has gone in the secure sessions of its runs, on disk in its state folder.
///
/// Of every run it keeps the latest session agreed to, as (epoch, round, attempt), and the survivors
/// that it signed last. Written before anything leaves, so a crash forgets nothing. Without the file the
/// site would take part in sessions that it took part in before, so it belongs with the ledger.
package struct SecureSessionFile: Sendable {
  package static let fileName = "secure-sessions.json"
  /// Bytes of the file at most; a run takes less than 512 beside its survivors.
  private static let mostBytes = 1 << 26

  /// What is known of one run.
  package struct Entry: Sendable, Equatable {
    package var epoch: UInt64
    package var round: Int
    package var attempt: Int
    package var signed: Signed?

    package init(epoch: UInt64, round: Int, attempt: Int, signed: Signed? = nil) {
      self.epoch = epoch
      self.round = round
      self.attempt = attempt
      self.signed = signed
    }
  }

  /// The one sum of a round that the site helped to.
  package struct Signed: Sendable, Equatable {
    package var round: Int
    /// Whose answers are in it, from 0, ascending.
    package var survivors: [Int]

    package init(round: Int, survivors: [Int]) {
      self.round = round
      self.survivors = survivors
    }
  }

  package let path: String
  private let calls: FileSystemCalls

  package init(folder: String, calls: FileSystemCalls = .system) {
    path = (folder.hasSuffix("/") ? folder : folder + "/") + Self.fileName
    self.calls = calls
  }

  /// What is known, by federation and run.
  ///
  /// - Throws: `ZorBAError` with code `refused` for a damaged file, `inputOutput` when it cannot be read.
  package func read() throws -> [String: Entry] {
    guard access(path, F_OK) == 0 else {
      guard errno == ENOENT else { throw FileAdvice.site.failure("cannot be read", path, errno) }
      return [:]
    }
    let file = try PrivateFile(path: path, for: .reading, advice: .site)
    let bytes = try file.read(at: 0, count: min(try file.byteCount(), Self.mostBytes))
    guard let members = try? JSONParser.parse(bytes).object?.members else { throw damaged }
    var entries: [String: Entry] = [:]
    for member in members {
      guard let entry = Entry(json: member.value) else { throw damaged }
      entries[member.key] = entry
    }
    return entries
  }

  private var damaged: ZorBAError {
    ZorBAError(
      .refused,
      "the file is damaged, so nobody knows which secure sessions this site has taken part in",
      at: .init(file: path),
      advice: "Put back a copy of it. If there is none, move it away once the runs that the site "
        + "takes part in are over.")
  }

  /// Writes what is known, whole or not at all, and returns when it is on the disk.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`; nothing may leave the site then.
  package func write(_ entries: [String: Entry]) throws {
    var object = JSONObject()
    for (key, entry) in entries.sorted(by: { $0.key < $1.key }) {
      _ = object.append(.init(key: key, value: entry.json))
    }
    let temporary = path + ".new"
    let file = try PrivateFile(path: temporary, for: .replacing, advice: .site, calls: calls)
    try file.write(Array((JSONValue.object(object).serialized + "\n").utf8), at: 0)
    try file.synchronize()
    try file.rename(to: path)
  }
}

extension SecureSessionFile.Entry {
  fileprivate var json: JSONValue {
    var members: [(String, JSONValue)] = [
      ("epoch", .integer(Int(clamping: epoch))), ("round", .integer(round)),
      ("attempt", .integer(attempt)),
    ]
    if let signed {
      members.append(
        (
          "signed",
          [
            "round": .integer(signed.round),
            "survivors": .array(signed.survivors.map { .integer($0) }),
          ]
        ))
    }
    var object = JSONObject()
    for (key, value) in members { _ = object.append(.init(key: key, value: value)) }
    return .object(object)
  }

  fileprivate init?(json: JSONValue) {
    guard let epoch = json["epoch"]?.integer, epoch >= 0, let round = json["round"]?.integer,
      let attempt = json["attempt"]?.integer
    else { return nil }
    self.init(epoch: UInt64(epoch), round: round, attempt: attempt)
    guard let signed = json["signed"] else { return }
    guard let round = signed["round"]?.integer, let items = signed["survivors"]?.array
    else { return nil }
    let survivors = items.compactMap(\.integer)
    guard survivors.count == items.count else { return nil }
    self.signed = .init(round: round, survivors: survivors)
  }
}
