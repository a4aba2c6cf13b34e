import Testing
import ZorBAJSON

@testable import ZorBAData

@Suite struct DatasetTests {
  @Test func summaryCountsAndPrints() throws {
    let text = (1...20).map {
      "{\"text\": \"\(String(repeating: "x", count: $0))\", \"label\": \"\($0 % 4 == 0 ? "b" : "a")\"}"
    }.joined(separator: "\n")
    let data = try loadRows(.init(.classification), text)
    // One to begin, the text, " It was", and one token less than " a".
    let base = 1 + 7 + 1
    #expect(
      data.summary.lengths
        == .init(minimum: base + 1, median: base + 10, percentile95: base + 19, maximum: base + 20))
    #expect(data.summary.labelCounts == [15, 5])
    #expect(data.summary.json["labels"]?["b"] == 5 && data.summary.json["dropped"] == 0)
    let lines = data.summary.table.split(separator: "\n")
    #expect(Set(lines.map(\.count)).count == 1, "columns are aligned")
    #expect(lines.contains { $0.hasPrefix("label a") && $0.hasSuffix(" 15") })
  }

  @Test func clientFilesShareTheirLabels() throws {
    let folder = try TemporaryDirectory()
    let first = try folder.write("text,label\nx,b\ny,b\n", to: "a.csv")
    let second = try folder.write("text,label\nx,a\n", to: "b.csv")
    let loader = try DatasetLoader(.init(.classification), encoder: ByteEncoder())
    let (data, counts) = try loader.load(clientFiles: [first, second])
    #expect(data.labels == ["a", "b"] && data.examples.map(\.label) == [1, 1, 0])
    #expect(counts == [2, 1])
    let shares = try data.partitioned(.files(counts: counts), clients: 2, seed: 0)
    #expect(shares == [[0, 1], [2]])
    #expect(data.selecting(shares[1]).summary.labelCounts == [1, 0])
  }
}
