import Foundation
import Testing
import ZorBADiagnostics
import ZorBATestSupport
import ZorBATokenizers

/// Damaged files: every one loads or throws a `ZorBAError`, and what loads can be used.
@Suite struct FuzzTests {
  private static let mutations = 3000

  /// Pieces that a parser may trip over.
  private static let splices: [[UInt8]] =
    [
      "-1", "4294967296", "99999999999999999999", "1e308", "null", "true", "{}", "[]", "\"\"", "\"",
      "{", "}",
      "[", "\\", "\\u0000", "\\ud800", "▁", "<0x41>", "<0xZZ>", "\n", "\r", " ", "  ", "#version",
      "\u{301}", "Sequence", "ByteLevel", "Metaspace", "##", "[UNK]", "\"type\":", "{\"a\":1}",
    ].map { Array($0.utf8) } + [
      [0xFF], [0xC3], [0x00], [0xE2, 0x96], [0x80, 0x80, 0x80, 0x80, 0x80],
    ]

  private func mutated(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      let position = Int.random(in: 0...bytes.count, using: &generator)
      let length = min(Int.random(in: 0...12, using: &generator), bytes.count - position)
      switch Int.random(in: 0..<8, using: &generator) {
      case 0: bytes.removeSubrange(position..<position + length)
      case 1: bytes.insert(contentsOf: bytes[position..<position + length], at: position)
      case 2 where position < bytes.count:
        bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 3 where position < bytes.count:
        bytes[position] = UInt8.random(in: 0...255, using: &generator)
      case 4 where Int.random(in: 0..<8, using: &generator) == 0:
        bytes.removeLast(bytes.count - position)
      case 5 where length > 0:
        let other = Int.random(in: 0...bytes.count - length, using: &generator)
        bytes.replaceSubrange(position..<position + length, with: bytes[other..<other + length])
      default:
        let splice = Self.splices[Int.random(in: 0..<Self.splices.count, using: &generator)]
        bytes.replaceSubrange(position..<position + length, with: splice)
      }
    }
    return bytes
  }

  @Test(arguments: [
    ("byte-level-small", "tokenizer.json"), ("llama2-tiny", "tokenizer.json"),
    ("files-tiny", "vocab.json"), ("files-tiny", "merges.txt"),
    ("files-tiny", "tokenizer_config.json"), ("files-tiny", "special_tokens_map.json"),
    ("files-tiny", "added_tokens.json"), ("files-tiny", "config.json"),
    ("wordpiece-uncased", "tokenizer.json"), ("wordpiece-vocabulary", "vocab.txt"),
    ("wordpiece-vocabulary", "tokenizer_config.json"),
    ("sentencepiece-map", "tokenizer.model"), ("sentencepiece-llama", "tokenizer.model"),
  ])
  func damagedFilesAreErrors(name: String, file: String) throws {
    let source = URL(fileURLWithPath: Goldens.directory(name))
    var files: [String: [UInt8]] = [:]
    for item in try FileManager.default.contentsOfDirectory(atPath: source.path) {
      files[item] = [UInt8](try Data(contentsOf: source.appendingPathComponent(item)))
    }
    let original = try #require(files[file])
    _ = try Tokenizer.load(files: files, named: name)

    var generator = SeededGenerator(seed: UInt64(original.count))
    var failures = 0
    for round in 0..<Self.mutations {
      files[file] = mutated(original, &generator)
      do {
        let tokenizer = try Tokenizer.load(files: files, named: name)
        let text = generator.text(length: 20) + " the model's <|a|> <tool> 12"
        let ids = tokenizer.encode(text, addingSpecialTokens: true)
        #expect(ids.allSatisfy { tokenizer.token(of: $0) != nil })
        #expect(tokenizer.decode(ids, skippingSpecialTokens: round % 2 == 0).utf8.count < 1 << 20)
      } catch let error as ZorBAError {
        failures += 1
        #expect(error.location.file?.hasPrefix("\(name)/") == true, "\(error)")
        #expect([.invalidModel, .unsupportedModel].contains(error.code), "\(error)")
      } catch {
        Issue.record("not a ZorBAError: \(error)")
      }
    }
    #expect(failures > Self.mutations / 20, "the mutations do damage")
  }
}
