import Foundation
import Testing
import ZorBAJSON
import ZorBATokenizers

/// The tiny vocabularies and the references that `Tools/tokenizer_goldens.py` wrote.
enum Goldens {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().appendingPathComponent("Goldens").path

  static let byteLevel = ["gpt2", "gpt2-files", "opt-files", "llama3", "qwen2"]
  static let all =
    byteLevel + [
      "byte-level-small", "llama2", "llama2-normalized", "metaspace-always", "metaspace-first",
      "metaspace-never", "sentencepiece-llama", "sentencepiece-map", "sentencepiece-bare",
      "wordpiece-uncased", "wordpiece-cased", "wordpiece-vocabulary",
    ]

  static func directory(_ name: String) -> String { "\(root)/\(name)" }

  static func files(_ folder: String) throws -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
      files[name] = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")))
    }
    return files
  }

  static func texts() throws -> [String] {
    try GoldenRow.load("\(root)/texts.jsonl").map(\.text)
  }
}

@Suite struct GoldenTests {
  @Test(arguments: Goldens.all)
  func idsAreThoseOfTheReference(name: String) throws {
    let tokenizer = try Tokenizer.load(directory: Goldens.directory(name))
    let texts = try Goldens.texts()
    let rows = try GoldenRow.load("\(Goldens.directory(name))/golden.jsonl")
    #expect(rows.count == texts.count && texts.count > 400)
    // There the reference garbles its own special tokens; see the script.
    let hasDecodings = name != "llama2-normalized"
    for (text, row) in zip(texts, rows) {
      let ids = tokenizer.encode(text, addingSpecialTokens: false)
      #expect(ids == row.ids, "\(text.debugDescription)")
      let template = tokenizer.encode(text, addingSpecialTokens: true)
      #expect(template == row.template ?? row.ids, "\(text.debugDescription)")
      guard hasDecodings else { continue }
      let decoded = tokenizer.decode(row.ids, skippingSpecialTokens: false)
      let expected = row.decoded ?? text
      #expect(
        sameBytes(decoded, expected),
        "\(decoded.debugDescription) \(expected.debugDescription)")
      let skipped = tokenizer.decode(row.template ?? row.ids, skippingSpecialTokens: true)
      let expectedSkipped = row.decodedTemplate ?? expected
      #expect(
        sameBytes(skipped, expectedSkipped),
        "\(skipped.debugDescription) \(expectedSkipped.debugDescription)")
    }
  }

  @Test(arguments: Goldens.all.filter { $0 != "llama2-normalized" })
  func anyIdsDecodeAsInTheReference(name: String) throws {
    let tokenizer = try Tokenizer.load(directory: Goldens.directory(name))
    let path = "\(Goldens.directory(name))/decode.jsonl"
    let content = try Data(contentsOf: URL(fileURLWithPath: path))
    for line in content.split(separator: UInt8(ascii: "\n")) {
      let row = try JSONParser.parse(line)
      let ids = row["ids"]?.array?.compactMap { $0.integer.map(Int32.init) } ?? []
      let skipped = tokenizer.decode(ids, skippingSpecialTokens: true)
      let expected = row["skipped"]?.string ?? ""
      #expect(
        sameBytes(skipped, expected),
        "\(ids) \(skipped.debugDescription) \(expected.debugDescription)")
      if let kept = row["kept"]?.string {
        let decoded = tokenizer.decode(ids, skippingSpecialTokens: false)
        #expect(sameBytes(decoded, kept), "\(decoded.debugDescription) \(kept.debugDescription)")
      }
    }
  }
}
