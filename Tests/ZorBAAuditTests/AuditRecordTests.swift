import Crypto
import Testing
import ZorBADiagnostics
import ZorBAJSON
import ZorBATestSupport

@testable import ZorBAAudit

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

@Suite struct AuditRecordTests {
  private static var golden: String {
    "/" + #filePath.split(separator: "/").dropLast().joined(separator: "/") + "/Goldens/log.jsonl"
  }

  @Test func readsAndRewritesTheLogOfTheReference() throws {
    let key = try Curve25519.Signing.PrivateKey(rawRepresentation: Array(0..<32 as Range<UInt8>))
    var count = 0
    let report = try AuditVerifier.verify([Self.golden]) { record, _, _ in
      count += 1
      let again = try AuditRecord(
        n: record.n, time: record.time, entry: record.entry, previous: record.previous, key: key)
      #expect(again.hash == record.hash)
      #expect(again.isSigned(by: key.publicKey))
    }
    #expect(report.isSound, "\(report.findings)")
    #expect(count == 6)
    #expect(report.last?.entry.detail["n"]?.integer == -7)
    #expect(report.head?.key == Array(key.publicKey.rawRepresentation))
  }

  @Test func entriesOfAnyContentCanBeRecordedAndReadBack() throws {
    var generator = SeededGenerator(seed: 2)
    let key = Curve25519.Signing.PrivateKey()
    let pieces = [
      "\u{0}", "\n", "\"", "\\", "ä", "e\u{301}", "\u{2028}", "😀", "x", "\u{7F}", "\r\n",
    ]
    for number in 0..<400 {
      func text(_ limit: Int) -> String {
        (0..<Int.random(in: 0...limit, using: &generator)).map { _ in
          pieces.randomElement(using: &generator) ?? ""
        }.joined()
      }
      func value(_ depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth < 6 ? 7 : 5), using: &generator) {
        case 0: return .null
        case 1: return .bool(true)
        case 2: return .integer(.random(in: .min ... .max, using: &generator))
        case 3: return .number(.infinity)
        case 4: return .string(text(600))
        case 5: return .array((0..<4).map { _ in value(depth + 1) })
        default:
          var object = JSONObject()
          for _ in 0..<4 { _ = object.append(.init(key: text(80), value: value(depth + 1))) }
          return .object(object)
        }
      }
      var entry = AuditEntry(
        .operatorActed, by: text(300), run: text(300),
        round: .random(in: -5...5, using: &generator),
        digest: text(3))
      for place in 0..<20 {
        _ = entry.detail.append(.init(key: "\(place)", value: value(0)))
      }
      let record = try AuditRecord(
        n: number, time: AuditTime(milliseconds: Int64(number)), entry: entry.recordable(),
        previous: [UInt8](repeating: 7, count: 32), key: key)
      let bytes = Array(record.line.utf8)
      #expect(bytes.count < AuditRecord.lineLimit)
      #expect(!bytes.contains(UInt8(ascii: "\n")))
      #expect(try AuditRecord(line: bytes) == record)
    }
  }

  @Test func damagedAnchorsAreErrorsOrSayTheSame() throws {
    let log = try LogUnderTest()
    try log.fill(3)
    let record = try AuditRecord(line: try log.lines()[2])
    let key = try #require(AuditVerifier.verify(log.files.all).head?.key)
    let anchor = AuditAnchor(record, key: key)
    let bytes = Array(anchor.json.serialized.utf8)
    var mutator = Mutator(seed: 6)
    var refused = 0
    for _ in 0..<2000 {
      do {
        // Number and time are not signed by themselves; the log's record decides about them.
        let read = try AuditAnchor(parsing: mutator.mutate(bytes))
        #expect(read.hash == anchor.hash && read.key == key)
      } catch let error as ZorBAError {
        #expect(error.code == .invalidData)
        refused += 1
      }
    }
    #expect(refused > 1500)
  }

  @Test func theSchemaNamesEveryKind() throws {
    let folder = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let path = "/\(folder)/docs/audit.schema.json"
    let schema = try JSONParser.parse([UInt8](Data(contentsOf: URL(filePath: path))))
    let named = schema["properties"]?["what"]?["enum"]?.array?.compactMap(\.string)
    #expect(named == AuditKind.allCases.map(\.rawValue))
  }

  @Test func damagedLinesAreErrorsAndNothingElse() throws {
    let log = try LogUnderTest()
    try log.fill(12)
    let lines = try log.lines()
    var mutator = Mutator(seed: 3)
    var refused = 0
    for round in 0..<4000 {
      let bytes = mutator.mutate(lines[round % lines.count])
      guard bytes != lines[round % lines.count] else { continue }
      do {
        let record = try AuditRecord(line: bytes)
        // What still reads as a record is not what was signed.
        let signature = try AuditRecord(line: lines[round % lines.count]).signature
        #expect(!record.hasItsHash || record.signature != signature)
      } catch let error as ZorBAError {
        #expect(error.code == .invalidData)
        refused += 1
      }
    }
    #expect(refused > 3000)
  }
}
