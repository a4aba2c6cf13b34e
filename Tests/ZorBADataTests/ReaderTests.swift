import Testing
import ZorBADiagnostics
import ZorBAJSON

@testable import ZorBAData

@Suite struct JSONLinesReaderTests {
  @Test func linesKeepTheirNumbers() throws {
    let text = "\u{FEFF}{\"a\": 1}\r\n\n  \t\r\n{\"a\": 2}\n{\"a\": 3}"
    let rows = try jsonLines(Array(text.utf8))
    #expect(rows.map(\.line) == [1, 4, 5])
    #expect(rows.map(\.texts) == [["1"], ["2"], ["3"]])
  }

  @Test(arguments: [
    ("{\"a\": 1}\n\n{\"a\": }\n", 3, "unexpected byte"),
    ("{\"a\": 1}\n[1]\n", 2, "an array, not an object"),
    ("{\"a\": 1} {\"a\": 2}\n", 1, "after the end"),
    ("{\"a\": 1, \"a\": 2}", 1, "appears twice"),
    ("{\"a\":\n1}", 1, "ends where"),
  ])
  func faultsNameTheirLine(text: String, line: Int, message: String) {
    let error = failure { _ = try jsonLines(Array(text.utf8)) }
    #expect(error.code == .invalidData)
    #expect(error.location == .init(file: "rows.jsonl", line: line))
    #expect(error.message.contains(message))
  }

  @Test func bytesThatAreNotUTF8NameTheirLine() {
    let bytes = Array("{\"a\": 1}\n{\"a\": \"".utf8) + [0xC3, 0x28] + Array("\"}\n".utf8)
    let error = failure { _ = try jsonLines(bytes) }
    #expect(error.location.line == 2)
    #expect(error.message.contains("UTF-8"))
  }

  @Test func rowsLongerThanAChunkAreWhole() throws {
    let folder = try TemporaryDirectory()
    let long = String(repeating: "x", count: 700_000)
    let path = try folder.write(
      "{\"a\": \"\(long)\"}\n{\"a\": \"y\"}\n{\"a\": \"\(long)z\"}", to: "a.jsonl")
    var seen: [(Int, Int)] = []
    try DataFile(path: path).forEachRow { seen.append(($0.line, $0.texts[0].utf8.count)) }
    #expect(seen.map(\.0) == [1, 2, 3])
    #expect(seen.map(\.1) == [700_000, 1, 700_001])
  }
}

@Suite struct DelimitedReaderTests {
  @Test func quotesLineBreaksAndDoubledQuotes() throws {
    let text = "\u{FEFF}text,label\r\n\"a, \"\"b\"\"\r\nc\",x\r\n\r\n plain ,\"\"\nlast \"q\",y"
    let rows = try delimited(Array(text.utf8))
    #expect(rows.map(\.texts) == [["a, \"b\"\r\nc", "x"], [" plain ", ""], ["last \"q\"", "y"]])
    #expect(rows.map(\.line) == [2, 5, 6])
    #expect(rows[0].columns.members.map(\.key) == ["text", "label"])
  }

  @Test func tabsSeparateInTSV() throws {
    let rows = try delimited(Array("a\tb\n1,2\t\"x\ty\"\n".utf8), by: "\t")
    #expect(rows.map(\.texts) == [["1,2", "x\ty"]])
  }

  @Test(arguments: [
    ("a,b\n1,2\n\"x\ny\",2,3\n", 3, "3 fields, the header has 2"),
    ("a,b\n1\n", 2, "1 fields"),
    ("a,b\n1,2\n3,\"open\n\n\n", 3, "never closed"),
    ("a,b\n1,2\n\n\"x\"y,2\n", 4, "after a closing quote"),
    ("a,b\n1,2\rx,3\n", 2, "carriage return"),
    ("a,b\n1,2\r", 2, "carriage return"),
    ("a,a\n1,2\n", 1, "'a' appears twice"),
    ("\n\n", 1, "no header"),
  ])
  func faultsNameTheStartOfTheirRow(text: String, line: Int, message: String) {
    let error = failure { _ = try delimited(Array(text.utf8)) }
    #expect(error.code == .invalidData)
    #expect(error.location == .init(file: "rows.csv", line: line))
    #expect(error.message.contains(message), "\(error.message)")
  }

  @Test func bytesThatAreNotUTF8NameTheirRow() {
    let error = failure { _ = try delimited(Array("a\nx\n\"y\n".utf8) + [0xFF, 0x22]) }
    #expect(error.location.line == 3)
    #expect(error.message.contains("UTF-8"))
  }

  /// Whatever a table holds, writing it by the rules and reading it gives it back.
  @Test func writtenTablesAreReadBack() throws {
    let alphabet: [Character] = ["a", ",", "\"", "\n", "\t", " ", "é", "\u{1F600}", "\r\n", "b"]
    for seed in 0..<300 as Range<UInt64> {
      var random = RandomGenerator(seed: seed)
      let width = 1 + random.below(4)
      var table = [(0..<width).map { "column \($0)" }]
      for _ in 0..<random.below(6) {
        table.append(
          (0..<width).map { _ in
            String((0..<random.below(7)).map { _ in alphabet[random.below(alphabet.count)] })
          })
      }
      let end = random.below(2) == 0 ? "\n" : "\r\n"
      var lines: [Int] = []
      var line = 1
      let text = table.map { row in
        lines.append(line)
        let written = row.map { "\"" + $0.replacing("\"", with: "\"\"") + "\"" }
          .joined(separator: ",")
        line += written.utf8.count { $0 == UInt8(ascii: "\n") } + 1
        return written
      }.joined(separator: end)
      let rows = try delimited(Array(text.utf8))
      #expect(rows.map(\.texts) == Array(table.dropFirst()), "seed \(seed)")
      #expect(rows.map(\.line) == Array(lines.dropFirst()), "seed \(seed)")
    }
  }
}

@Suite struct DataFileTests {
  @Test(arguments: ["data.parquet", "data", "data.jsonl.gz", ".jsonl/x"])
  func unknownExtensionsAreRefused(path: String) {
    let error = failure { _ = try DataFile(path: path) }
    #expect(error.code == .invalidData && error.location.file == path)
    #expect(error.advice?.contains(".jsonl") == true)
  }

  @Test func extensionsGiveTheFormat() throws {
    #expect(try DataFile(path: "a/b.JSONL").format == .jsonLines)
    #expect(try DataFile(path: "b.ndjson").format == .jsonLines)
    #expect(try DataFile(path: "b.csv").format == .delimited(0x2C))
    #expect(try DataFile(path: "b.tsv").format == .delimited(0x09))
    #expect(try DataFile(path: "b.txt").format == .plainText)
  }

  @Test func emptyMissingAndUTF16FilesAreClearErrors() throws {
    let folder = try TemporaryDirectory()
    let empty = try folder.write("", to: "empty.csv")
    #expect(failure { try DataFile(path: empty).forEachRow { _ in } }.message.contains("empty"))
    let wide = try folder.write([0xFF, 0xFE, 0x7B, 0], to: "wide.jsonl")
    #expect(failure { try DataFile(path: wide).forEachRow { _ in } }.message.contains("UTF-16"))
    let absent = failure { try DataFile(path: folder.path + "/no.csv").forEachRow { _ in } }
    #expect(absent.code == .inputOutput && absent.location.file == folder.path + "/no.csv")
    let directory = failure { try DataFile(path: folder.path + "/.csv").forEachRow { _ in } }
    #expect(directory.code == .inputOutput)
  }

  @Test func missingColumnsListTheOnesThatExist() throws {
    let rows = try delimited(Array("body,label\nx,y\n".utf8))
    let error = failure { _ = try rows[0].text(of: "text") }
    #expect(error.location == .init(file: "rows.csv", line: 2, field: "text"))
    #expect(error.advice == "The columns are 'body', 'label'.")
  }
}

@Suite struct PlainTextReaderTests {
  private func pieces(_ bytes: [UInt8], _ size: Int) throws -> [String] {
    var reader = PlainTextReader(try ByteStream(bytes: bytes, file: "t.txt"), pieceBytes: size)
    var pieces: [String] = []
    while let piece = try reader.next() { pieces.append(piece) }
    return pieces
  }

  /// Pieces join to the text, and a cut never parts the bytes of a character.
  @Test func piecesJoinToTheText() throws {
    let alphabet: [Character] = ["a", ".", " ", "\n", "é", "\u{1F600}", "\r\n"]
    for seed in 0..<400 as Range<UInt64> {
      var random = RandomGenerator(seed: seed)
      let text = String(
        (0...random.below(200)).map { _ in alphabet[random.below(alphabet.count)] })
      let pieces = try pieces(Array(text.utf8), 8 + random.below(40))
      #expect(pieces.joined() == text)
      #expect(pieces.allSatisfy { !$0.isEmpty })
    }
  }

  @Test func cutsFallBetweenLines() throws {
    let text = String(repeating: "some words here\nand more\n\nafter a gap\n", count: 20)
    let pieces = try pieces(Array(text.utf8), 64)
    #expect(pieces.count > 10)
    for (before, after) in zip(pieces, pieces.dropFirst()) {
      #expect(before.hasSuffix("\n") && !before.hasSuffix("\n\n"))
      #expect(after.first != "\n")
    }
  }

  @Test func faultsNameTheirLine() {
    let bytes = Array(String(repeating: "line of text\n", count: 30).utf8) + [0x61, 0xC3, 0x0A]
    let error = failure { _ = try pieces(bytes, 50) }
    #expect(error.location == .init(file: "t.txt", line: 31))
  }
}
