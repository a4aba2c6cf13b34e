import Testing
import ZorBADiagnostics
import ZorBAJSON
import ZorBASitePolicy

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

@Suite struct SentLogTests {
  private static func line(_ number: Int = 1, payload: [UInt8] = [0x0A, 0xFF]) -> SentLine {
    var fields = JSONObject()
    for (key, value) in [
      ("round", JSONValue.integer(number)), ("scalars", [0.25, -1.5]), ("loss", 0.75),
    ] {
      _ = fields.append(JSONObject.Member(key: key, value: value))
    }
    return SentLine(
      time: .monday, run: "sentiment", round: number, kind: .result, fields: fields,
      payload: payload)
  }

  private static func lines(_ folder: TemporaryFolder, _ name: String) throws -> [String] {
    let text = String(decoding: try folder.read(name), as: UTF8.self)
    return text.split(separator: "\n").map(String.init)
  }

  @Test func linesAreJSONWithTheExactBytes() throws {
    let json = Self.line().json
    #expect(
      json == """
        {"time": "2024-01-01T12:00:00Z", "run": "sentiment", "round": 1, "kind": "result", \
        "bytes": 2, "fields": {"round": 1, "scalars": [0.25, -1.5], "loss": 0.75}, \
        "payload": "0aff"}
        """)
    let every = SentLine(
      time: .monday, run: "a\nb\"", round: nil, kind: .hello, fields: JSONObject(),
      payload: Array(0...255))
    let value = try JSONParser.parse(every.json.utf8)
    #expect(!every.json.contains("\n"))
    #expect(value["round"] == nil)
    let hex = Array(try #require(value["payload"]?.string).utf8)
    let bytes = stride(from: 0, to: hex.count, by: 2).compactMap {
      UInt8(String(decoding: hex[$0..<($0 + 2)], as: UTF8.self), radix: 16)
    }
    #expect(bytes == Array(0...255))
  }

  @Test func peopleSeeWhatLeaves() {
    #expect(
      Self.line().text == """
        2024-01-01T12:00:00Z  result, round 1 of sentiment
          leaves the site: 2 bytes: round, scalars, loss
          round    1
          scalars  [0.25, -1.5]
          loss     0.75
          bytes    0aff
        """)
    let hostile = SentLine(
      time: .monday, run: "\u{1B}[2J", round: nil, kind: .heartbeat, fields: JSONObject(),
      payload: [])
    #expect(!hostile.text.contains("\u{1B}"))
    #expect(hostile.text.contains("0 bytes: no fields"))
  }

  @Test func linesAreAppendedForTheOwnerAlone() throws {
    let folder = try TemporaryFolder()
    try folder.write([], to: "sent.jsonl")
    chmod("\(folder.path)/sent.jsonl", 0o644)
    for number in 1...3 {
      let log = try SentLog(path: "\(folder.path)/sent.jsonl", keepMiB: 1)
      try log.append(Self.line(number), durably: number == 2)
    }
    #expect(try Self.lines(folder, "sent.jsonl") == (1...3).map { Self.line($0).json })
    #expect(try folder.mode(of: "sent.jsonl") == 0o600)
  }

  @Test func halfTheSizeIsKeptInEachFile() throws {
    let folder = try TemporaryFolder()
    let log = try SentLog(path: "\(folder.path)/sent.jsonl", keepMiB: 1)
    let payload = [UInt8](repeating: 7, count: 30_000)
    for number in 1...40 { try log.append(Self.line(number, payload: payload), durably: false) }
    let (new, old) = (try folder.read("sent.jsonl"), try folder.read("sent.jsonl.1"))
    #expect(new.count <= 1 << 19 && old.count <= 1 << 19 && old.count > 1 << 18)
    let kept = try Self.lines(folder, "sent.jsonl.1") + Self.lines(folder, "sent.jsonl")
    #expect(kept == ((41 - kept.count)...40).map { Self.line($0, payload: payload).json })
    #expect(try folder.mode(of: "sent.jsonl.1") == 0o600)
    #expect(try folder.mode(of: "sent.jsonl") == 0o600)
  }

  @Test func aLineLargerThanAFileIsWrittenAllTheSame() throws {
    let folder = try TemporaryFolder()
    let log = try SentLog(path: "\(folder.path)/sent.jsonl", keepMiB: 1)
    let large = Self.line(1, payload: [UInt8](repeating: 1, count: 300_000))
    try log.append(large, durably: false)
    try log.append(Self.line(2), durably: false)
    #expect(try Self.lines(folder, "sent.jsonl.1") == [large.json])
    #expect(try Self.lines(folder, "sent.jsonl") == [Self.line(2).json])
  }

  @Test func aLineThatCannotBeWrittenLeavesNoPart() throws {
    let folder = try TemporaryFolder()
    let disk = FailingDisk()
    let log = try SentLog(path: "\(folder.path)/sent.jsonl", keepMiB: 1, calls: disk.calls)
    try log.append(Self.line(1), durably: true)
    for room in [0, 1, 100] {
      disk.failAfter(bytes: room)
      #expect(throws: ZorBAError.self) { try log.append(Self.line(2), durably: false) }
    }
    disk.failAfter(bytes: Int.max)
    disk.failToSynchronize(true)
    #expect(throws: ZorBAError.self) { try log.append(Self.line(2), durably: true) }
    disk.failToSynchronize(false)
    try log.append(Self.line(3), durably: true)
    #expect(try Self.lines(folder, "sent.jsonl") == [1, 3].map { Self.line($0).json })
  }

  @Test func aTornLineIsEnded() throws {
    let folder = try TemporaryFolder()
    try folder.write(Array("{\"time\": \"20".utf8), to: "sent.jsonl")
    let log = try SentLog(path: "\(folder.path)/sent.jsonl", keepMiB: 1)
    try log.append(Self.line(), durably: false)
    #expect(try Self.lines(folder, "sent.jsonl") == ["{\"time\": \"20", Self.line().json])
  }

  @Test func aFileThatSomebodyMovedIsBegunAnew() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/sent.jsonl"
    let log = try SentLog(path: path, keepMiB: 1)
    try log.append(Self.line(1), durably: false)
    #expect(rename(path, path + ".old") == 0)
    try log.append(Self.line(2), durably: false)
    #expect(unlink(path) == 0)
    try log.append(Self.line(3), durably: false)
    #expect(try Self.lines(folder, "sent.jsonl.old") == [Self.line(1).json])
    #expect(try Self.lines(folder, "sent.jsonl") == [Self.line(3).json])
  }

  @Test func onlyRegularFilesAreLogs() throws {
    let folder = try TemporaryFolder()
    #expect(mkfifo("\(folder.path)/pipe", 0o600) == 0)
    for path in [folder.path, "\(folder.path)/pipe", "/dev/null", "\(folder.path)/no/such/log"] {
      #expect(throws: ZorBAError.self) { try SentLog(path: path, keepMiB: 1) }
    }
  }
}
