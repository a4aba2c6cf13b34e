import Foundation
import Testing
import ZorBADiagnostics
import ZorBATokenizers

@Suite struct LoadingTests {
  /// The files of a golden folder with replacements made in one of them.
  private func files(
    _ name: String, _ file: String, replacing edits: [(String, String)] = []
  ) throws -> [String: [UInt8]] {
    let path = "\(Goldens.directory(name))/\(file)"
    var text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    for (old, new) in edits {
      #expect(text.contains(old), "the fixture has '\(old)'")
      text = text.replacingOccurrences(of: old, with: new)
    }
    return [file: Array(text.utf8)]
  }

  private struct Unsupported: Sendable, CustomTestStringConvertible {
    var fixture: String
    var old: String
    var new: String
    var field: String
    var value: String
    var testDescription: String { "\(field) = \(value)" }
  }

  private static let cases: [Unsupported] = [
    .init(
      fixture: "llama3", old: #""type":"BPE""#, new: #""type":"Unigram""#, field: "model.type",
      value: "Unigram"),
    .init(
      fixture: "llama3", old: #""dropout":null"#, new: #""dropout":0.5"#, field: "model.dropout",
      value: "0.5"),
    .init(
      fixture: "llama3", old: #""end_of_word_suffix":null"#, new: #""end_of_word_suffix":"</w>""#,
      field: "model.end_of_word_suffix", value: "</w>"),
    .init(
      fixture: "llama3", old: #"\\p{N}{1,3}"#, new: #"\\p{N}{1,2}"#,
      field: "pre_tokenizer.pretokenizers[0].pattern", value: "{1,2}"),
    .init(
      fixture: "llama3", old: #""behavior":"Isolated""#, new: #""behavior":"Removed""#,
      field: "pre_tokenizer.pretokenizers[0].behavior", value: "Removed"),
    .init(
      fixture: "llama3", old: #""invert":false"#, new: #""invert":true"#,
      field: "pre_tokenizer.pretokenizers[0].invert", value: "true"),
    .init(
      fixture: "llama3", old: #""byte_fallback":false"#, new: #""byte_fallback":true"#,
      field: "model.byte_fallback", value: "true"),
    .init(
      fixture: "qwen2", old: #""type":"NFC""#, new: #""type":"NFKC""#, field: "normalizer.type",
      value: "NFKC"),
    .init(
      fixture: "llama2-tiny", old: #""type":"TemplateProcessing""#,
      new: #""type":"PairProcessing""#, field: "post_processor.type", value: "PairProcessing"),
    .init(
      fixture: "llama2-tiny", old: #""type":"Fuse""#, new: #""type":"CTC""#,
      field: "decoder.decoders[2].type", value: "CTC"),
    .init(
      fixture: "llama2-tiny", old: #""stop":0"#, new: #""stop":1"#,
      field: "decoder.decoders[3].stop", value: "1"),
    .init(
      fixture: "llama2-tiny", old: #"{"String":" "}"#, new: #"{"Regex":"\\s"}"#,
      field: "normalizer.normalizers[1].pattern", value: "Regex"),
  ]

  @Test(arguments: cases)
  private func whatIsNotImplementedIsNamed(_ item: Unsupported) throws {
    let files = try files(item.fixture, "tokenizer.json", replacing: [(item.old, item.new)])
    let error = #expect(throws: ZorBAError.self) {
      try Tokenizer.load(files: files, named: "model")
    }
    #expect(error?.code == .unsupportedModel)
    #expect(error?.location.file == "model/tokenizer.json")
    #expect(error?.location.field == item.field)
    #expect(error?.message.contains(item.value) == true)
    #expect(error?.advice != nil)
  }

  @Test func contradictionsAreNamed() throws {
    let edits: [(String, String)] = [
      (#""id":1,"content":"<s>""#, #""id":7,"content":"<s>""#),
      (#""▁ t""#, #""▁ x""#), (#""▁ t""#, #""▁t""#), (#""<s>":1"#, #""<s>":2"#),
      (#""<s>":1"#, #""<s>":-1"#), (#""<s>":1"#, #""<s>":99999999"#),
      (#""ids":[1]"#, #""ids":[4711]"#), (#""unk_token":"<unk>""#, #""unk_token":"<none>""#),
    ]
    for edit in edits {
      let files = try files("llama2-tiny", "tokenizer.json", replacing: [edit])
      let error = #expect(throws: ZorBAError.self, "\(edit)") {
        try Tokenizer.load(files: files, named: "model")
      }
      #expect(error?.code == .invalidModel, "\(edit)")
    }
  }

  @Test func aDirectoryWithoutTokenizerIsAnError() {
    let error = #expect(throws: ZorBAError.self) {
      try Tokenizer.load(directory: "\(Goldens.root)/nowhere")
    }
    #expect(error?.code == .inputOutput)
  }

  @Test func rolesMayBeStringsOrObjects() throws {
    var files = try files("llama2-tiny", "tokenizer.json")
    files["tokenizer_config.json"] = Array(
      #"{"bos_token": "<s>", "eos_token": {"content": "</s>"}, "pad_token": null}"#.utf8)
    files["special_tokens_map.json"] = Array(#"{"pad_token": "<unk>", "bos_token": "</s>"}"#.utf8)
    let tokenizer = try Tokenizer.load(files: files, named: "model")
    #expect(tokenizer.bosID == 1 && tokenizer.eosID == 2)
    #expect(tokenizer.padID == 0 && tokenizer.unknownID == 0)
    #expect(tokenizer.isSpecial(1) && !tokenizer.isSpecial(3) && !tokenizer.isSpecial(-1))
  }

  @Test func theFamilyOfPlainFilesFollowsFromTheConfiguration() throws {
    var files: [String: [UInt8]] = [:]
    for name in ["vocab.json", "merges.txt"] {
      files.merge(try self.files("gpt2-files", name)) { $1 }
    }
    // Under the GPT-2 pattern a run of digits is one word, under Qwen's each digit is.
    let text = "e\u{301} 12"
    let plain = try Tokenizer.load(files: files, named: "model")
    files["config.json"] = Array(#"{"model_type": "qwen3"}"#.utf8)
    let qwen = try Tokenizer.load(files: files, named: "model")
    #expect(
      sameBytes(
        plain.decode(plain.encode(text, addingSpecialTokens: true), skippingSpecialTokens: true),
        text))
    #expect(
      sameBytes(
        qwen.decode(qwen.encode(text, addingSpecialTokens: true), skippingSpecialTokens: true),
        "é 12"))
    files["config.json"] = Array(#"{"model_type": "gptj"}"#.utf8)
    let error = #expect(throws: ZorBAError.self) {
      try Tokenizer.load(files: files, named: "model")
    }
    #expect(error?.code == .unsupportedModel && error?.location.field == "model_type")
    files["tokenizer_config.json"] = Array(#"{"tokenizer_class": "BertTokenizer"}"#.utf8)
    let other = #expect(throws: ZorBAError.self) {
      try Tokenizer.load(files: files, named: "model")
    }
    #expect(other?.message.contains("BertTokenizer") == true)
  }
}
