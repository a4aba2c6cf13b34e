import Testing
import ZorBAJSON
import ZorBATestSupport

@testable import ZorBAData

/// Real data sets load with the counts that their descriptions state.
@Suite struct SharedDataTests {
  struct File: Sendable, CustomTestStringConvertible {
    var path: String
    var rows: Int
    /// Counts by label, where the description gives them.
    var labels: [String: Int]
    var testDescription: String { path }
  }

  static let files: [File] = [
    File(path: "sst2/train", rows: 6908, labels: ["negative": 3304, "positive": 3604]),
    File(path: "sst2/validation", rows: 872, labels: ["negative": 428, "positive": 444]),
    File(path: "sst2/test", rows: 1821, labels: ["negative": 912, "positive": 909]),
    File(
      path: "trec6/train", rows: 4866,
      labels: [
        "abbreviation": 76, "description": 1040, "entity": 1130, "human": 1102, "location": 746,
        "number": 772,
      ]),
    File(
      path: "trec6/validation", rows: 499,
      labels: [
        "abbreviation": 8, "description": 105, "entity": 115, "human": 112, "location": 77,
        "number": 82,
      ]),
    File(
      path: "trec6/test", rows: 500,
      labels: [
        "abbreviation": 9, "description": 138, "entity": 94, "human": 65, "location": 81,
        "number": 113,
      ]),
    File(
      path: "twitter_fin/train", rows: 8617,
      labels: ["bearish": 1304, "bullish": 1740, "neutral": 5573]),
    File(
      path: "twitter_fin/validation", rows: 894,
      labels: ["bearish": 134, "bullish": 180, "neutral": 580]),
    File(
      path: "twitter_fin/test", rows: 2388,
      labels: ["bearish": 347, "bullish": 475, "neutral": 1566]),
    File(path: "banking77/train", rows: 8948, labels: [:]),
    File(path: "banking77/validation", rows: 994, labels: [:]),
    File(path: "banking77/test", rows: 2500, labels: [:]),
    File(path: "rte/train", rows: 2124, labels: ["entailment": 1078, "not_entailment": 1046]),
    File(path: "rte/validation", rows: 362, labels: ["entailment": 170, "not_entailment": 192]),
    File(path: "rte/test", rows: 277, labels: ["entailment": 146, "not_entailment": 131]),
    File(path: "pubmedqa/train", rows: 449, labels: ["yes": 248, "no": 152, "maybe": 49]),
    File(path: "pubmedqa/validation", rows: 51, labels: ["yes": 28, "no": 17, "maybe": 6]),
    File(path: "pubmedqa/test", rows: 500, labels: ["yes": 276, "no": 169, "maybe": 55]),
  ]

  // The data sets' licences do not all allow copies here, so they stand beside the checkout.
  @Test(
    .enabled(if: SharedData.folder != nil, "real data sets are not beside this checkout"),
    arguments: files)
  func loadsWithItsStatedCounts(file: File) throws {
    let folder = try #require(SharedData.folder)
    let kind: TaskDefinition.Kind =
      file.path.hasPrefix("pubmedqa") ? .multipleChoice : .classification
    let data = try DatasetLoader(.init(kind, maximumTokens: 2048), encoder: ByteEncoder())
      .load(folder + "/" + file.path + ".jsonl")
    #expect(data.summary.rows == file.rows && data.examples.count == file.rows)
    #expect(data.summary.labelCounts.reduce(0, +) == file.rows)
    if file.path.hasPrefix("banking77") { #expect(data.labels.count == 77) }
    for (label, count) in zip(data.labels, data.summary.labelCounts) {
      if !file.labels.isEmpty { #expect(file.labels[label] == count, "\(label)") }
    }
    #expect(data.summary.lengths.maximum <= 2048)
    #expect(data.examples.allSatisfy { $0.line > 0 })
  }

  @Test(
    .enabled(if: SharedData.folder != nil, "real data sets are not beside this checkout"),
    arguments: [("tinyshakespeare/test.txt", 55_770), ("wikitext2/test.txt", 1_256_449)])
  func runningTextIsPredictedWhole(path: String, bytes: Int) throws {
    let folder = try #require(SharedData.folder)
    let data = try DatasetLoader(
      .init(.languageModeling, maximumTokens: 128), encoder: ByteEncoder()
    ).load(folder + "/" + path)
    #expect(data.examples.reduce(0) { $0 + $1.continuations[0].count } == bytes)
    #expect(data.examples.count == (bytes + 127) / 128)
  }
}
