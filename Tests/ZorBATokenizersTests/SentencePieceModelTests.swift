import Foundation
import Testing
import ZorBADiagnostics
import ZorBAJSON
import ZorBATestSupport
import ZorBATokenizers

/// Writes SentencePiece models field by field.
private struct ModelWriter {
  enum Kind: UInt64 { case normal = 1, unknown, control, userDefined, unused, byte }

  private(set) var bytes: [UInt8] = []

  private static func varint(_ value: UInt64) -> [UInt8] {
    value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7F) | 0x80] + varint(value >> 7)
  }

  private mutating func message(_ number: UInt64, _ content: [UInt8]) {
    bytes += Self.varint(number << 3 | 2) + Self.varint(UInt64(content.count)) + content
  }

  mutating func piece(_ spelling: String, _ score: Float = 0, _ kind: Kind = .normal) {
    var content = ModelWriter()
    content.message(1, Array(spelling.utf8))
    let bits = score.bitPattern
    content.bytes += [0x15] + (0..<4).map { UInt8(truncatingIfNeeded: bits >> ($0 * 8)) }
    content.bytes += Self.varint(3 << 3) + Self.varint(kind.rawValue)
    message(1, content.bytes)
  }

  /// A section of varint fields: 2 is the trainer, 3 the normalizer.
  mutating func section(_ number: UInt64, _ fields: [UInt64: UInt64]) {
    let content = fields.sorted { $0.key < $1.key }
      .flatMap { Self.varint($0.key << 3) + Self.varint($0.value) }
    message(number, content)
  }
}

@Suite struct SentencePieceModelTests {
  /// A BPE model of three special pieces and a few letters.
  private func model(
    _ trainer: [UInt64: UInt64] = [3: 2], _ normalizer: [UInt64: UInt64] = [4: 0],
    extra: (inout ModelWriter) -> Void = { _ in }
  ) -> [UInt8] {
    var writer = ModelWriter()
    writer.piece("<unk>", 0, .unknown)
    writer.piece("<s>", 0, .control)
    writer.piece("</s>", 0, .control)
    for (index, piece) in ["▁a", "ab", "▁", "a", "b", "cd"].enumerated() {
      writer.piece(piece, -Float(index))
    }
    extra(&writer)
    writer.section(2, trainer)
    writer.section(3, normalizer)
    return writer.bytes
  }

  private func load(_ model: [UInt8], _ configuration: String? = nil) throws -> Tokenizer {
    var files = ["tokenizer.model": model]
    if let configuration { files["tokenizer_config.json"] = Array(configuration.utf8) }
    return try Tokenizer.load(files: files, named: "model")
  }

  @Test func theGreaterScoreMergesFirst() throws {
    let tokenizer = try load(model())
    #expect(tokenizer.encode("ab", addingSpecialTokens: true) == [1, 3, 7])
    #expect(tokenizer.encode("bab", addingSpecialTokens: false) == [5, 7, 4])
    // c and d are no pieces, but cd is; what does not merge is unknown, once for neighbours.
    #expect(tokenizer.encode("cd", addingSpecialTokens: false) == [5, 8])
    #expect(tokenizer.encode("dc", addingSpecialTokens: false) == [5, 0])
    #expect(tokenizer.encode("", addingSpecialTokens: true) == [1])
    #expect(tokenizer.bosID == 1 && tokenizer.eosID == 2 && tokenizer.padID == nil)
    #expect(tokenizer.decode([1, 3, 7, 2], skippingSpecialTokens: true) == "ab")
    #expect(tokenizer.decode([3, 7, 2], skippingSpecialTokens: false) == "ab</s>")
  }

  @Test func theConfigurationDecidesWhatStandsAround() throws {
    let text = "ab</s>ab"
    let plain = try load(model(), #"{"add_bos_token": false, "add_eos_token": true}"#)
    #expect(plain.encode("ab", addingSpecialTokens: true) == [3, 7, 2])
    // Without being declared, a control piece is never found in text.
    #expect(!plain.encode(text, addingSpecialTokens: false).contains(2))
    let legacy = try load(model(), #"{"eos_token": "</s>"}"#)
    #expect(legacy.encode(text, addingSpecialTokens: false) == [3, 7, 2, 3, 7])
    let modern = try load(model(), #"{"eos_token": "</s>", "legacy": false}"#)
    #expect(modern.encode(text, addingSpecialTokens: false) == [3, 7, 2, 4])
  }

  @Test func whatIsNotImplementedIsNamed() {
    let cases: [([UInt8], String, String)] = [
      (model([3: 1]), "trainer_spec.model_type", "UNIGRAM"),
      (model([3: 4]), "trainer_spec.model_type", "CHAR"),
      (model([:]), "trainer_spec.model_type", "UNIGRAM"),
      (model([3: 2, 24: 1]), "trainer_spec.treat_whitespace_as_suffix", "true"),
      (model { $0.piece("x", 0, .unused) }, "pieces[9].type", "UNUSED"),
    ]
    for (bytes, field, value) in cases {
      let error = #expect(throws: ZorBAError.self) { try load(bytes) }
      #expect(error?.code == .unsupportedModel)
      #expect(error?.location.field == field)
      #expect(error?.message.contains(value) == true)
    }
  }

  @Test func contradictionsAreNamed() {
    let cases: [[UInt8]] = [
      model { $0.piece("ab") }, model { $0.piece("x", .nan) }, model { $0.piece("") },
      model { $0.piece("<unk2>", 0, .unknown) }, model([3: 2, 40: 1]), model([3: 2, 35: 1]),
      model { $0.piece(String(repeating: "x", count: 2000)) }, model().dropLast(), [0xFF], [],
      model { $0.piece("<0x4>", 0, .byte) },
    ]
    for bytes in cases {
      let error = #expect(throws: ZorBAError.self) { try load(Array(bytes)) }
      #expect(error?.code == .invalidModel)
    }
  }

  /// The scores of a pretrained model as a SentencePiece file give the ids of its tokenizer.json.
  @Test(.enabled(if: SharedData.isPresent, "the model lies in ../shared/data"))
  func aPretrainedVocabularyInBothLayouts() throws {
    let directory = SharedData.path("models/stories260K")
    let content = try Data(contentsOf: URL(fileURLWithPath: "\(directory)/vocab.jsonl"))
    var writer = ModelWriter()
    for line in content.split(separator: UInt8(ascii: "\n")) {
      let row = try JSONParser.parse(line)
      let id = try #require(row["id"]?.integer)
      let piece = try #require(row["piece"]?.string)
      let score = Float(try #require(row["score"]?.double))
      switch id {
      case 0: writer.piece("<unk>", 0, .unknown)
      case 1: writer.piece("<s>", 0, .control)
      case 2: writer.piece("</s>", 0, .control)
      case 3..<259: writer.piece(piece, 0, .byte)
      default: writer.piece(piece.replacingOccurrences(of: " ", with: "▁"), score)
      }
    }
    writer.section(2, [3: 2, 35: 1])
    writer.section(3, [3: 1, 4: 0, 5: 1])
    let tokenizer = try load(writer.bytes)
    let reference = try Tokenizer.load(directory: directory)
    for row in try GoldenRow.load("\(directory)/tokenizer-golden.jsonl") {
      #expect(tokenizer.encode(row.text, addingSpecialTokens: false) == row.ids)
      #expect(tokenizer.encode(row.text, addingSpecialTokens: true) == [1] + row.ids)
      #expect(sameBytes(tokenizer.decode(row.ids, skippingSpecialTokens: true), row.text))
    }
    var generator = SeededGenerator(seed: 8)
    for _ in 0..<500 {
      let text = generator.text(length: 50)
      #expect(
        tokenizer.encode(text, addingSpecialTokens: false)
          == reference.encode(text, addingSpecialTokens: false))
    }
  }
}
