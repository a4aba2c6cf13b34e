import Testing
import ZorBADiagnostics
import ZorBATestSupport
import ZorBATokenizers

@Suite struct WordPieceTests {
  private static let words = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "un", "##aff", "##able", "able", "a", "##b", ",",
    "é", "e", "中",
  ]

  private func tokenizer(
    _ configuration: String = "{}", words: [String] = words
  ) throws -> Tokenizer {
    try Tokenizer.load(
      files: [
        "vocab.txt": Array(words.map { "\($0)\n" }.joined().utf8),
        "tokenizer_config.json": Array(configuration.utf8),
      ], named: "bert")
  }

  private func pieces(_ text: String, _ tokenizer: Tokenizer) -> [String] {
    tokenizer.encode(text, addingSpecialTokens: false).map { tokenizer.token(of: $0) ?? "?" }
  }

  @Test func theLongestPieceIsTakenFromTheLeft() throws {
    let tokenizer = try tokenizer()
    #expect(pieces("unaffable", tokenizer) == ["un", "##aff", "##able"])
    #expect(pieces("ab unb", tokenizer) == ["a", "##b", "un", "##b"])
    // No part of a word that cannot be spelled to its end is kept.
    #expect(pieces("unaffx a", tokenizer) == ["[UNK]", "a"])
  }

  @Test func wordsAreCutAroundPunctuationAndChinese() throws {
    let tokenizer = try tokenizer()
    #expect(pieces("a,able", tokenizer) == ["a", ",", "able"])
    #expect(pieces("a中a", tokenizer) == ["a", "中", "a"])
    #expect(pieces("A\u{200D}ble\u{7}", tokenizer) == ["able"])
  }

  @Test func settingsDecideOnCaseAndAccents() throws {
    #expect(pieces("É", try tokenizer()) == ["e"])
    let cased = try tokenizer("{\"do_lower_case\": false}")
    #expect(pieces("é É", cased) == ["é", "[UNK]"])
    let accented = try tokenizer("{\"strip_accents\": false}")
    #expect(pieces("É", accented) == ["é"])
    let joined = try tokenizer("{\"tokenize_chinese_chars\": false}")
    #expect(pieces("a中a", joined) == ["[UNK]"])
  }

  @Test func specialTokensSurroundATextAndAreFoundInIt() throws {
    let tokenizer = try tokenizer()
    #expect(tokenizer.encode("a [MASK].", addingSpecialTokens: true) == [2, 9, 4, 1, 3])
    #expect(tokenizer.maskID == 4 && tokenizer.padID == 0 && tokenizer.unknownID == 1)
    #expect(tokenizer.enclosingTokens.prefix == [2] && tokenizer.enclosingTokens.suffix == [3])
    #expect(tokenizer.isSpecial(4) && !tokenizer.isSpecial(5))
  }

  @Test func veryLongWordsAreUnknown() throws {
    let tokenizer = try tokenizer()
    let hundred = "a" + String(repeating: "b", count: 99)
    #expect(pieces(hundred, tokenizer).count == 100)
    #expect(pieces(hundred + "b", tokenizer) == ["[UNK]"])
  }

  @Test func missingTokensAreErrors() throws {
    for name in ["[UNK]", "[CLS]", "[SEP]"] {
      expectInvalid { _ = try tokenizer(words: Self.words.filter { $0 != name }) }
    }
    expectInvalid { _ = try tokenizer(words: Self.words + ["able"]) }
  }

  private func expectInvalid(_ body: () throws -> Void) {
    let error = #expect(throws: ZorBAError.self, performing: body)
    #expect(error?.code == .invalidModel && error?.location.file == "bert/vocab.txt")
  }

  @Test func robertaFilesGiveItsEnclosingTokens() throws {
    let folder = Goldens.directory("opt-files")
    var files = try Goldens.files(folder)
    files["tokenizer_config.json"] = Array("{\"tokenizer_class\": \"RobertaTokenizer\"}".utf8)
    let roberta = try Tokenizer.load(files: files, named: "roberta")
    let plain = try Tokenizer.load(directory: folder)
    let ids = plain.encode("a word", addingSpecialTokens: false)
    let begin = try #require(roberta.id(of: "<s>"))
    let end = try #require(roberta.id(of: "</s>"))
    #expect(roberta.encode("a word", addingSpecialTokens: true) == [begin] + ids + [end])
  }
}

/// BERT's vocabulary against the reference and against ids that others published.
@Suite(.enabled(if: SharedData.isPresent, "the vocabulary lies in ../shared/data"))
struct RealWordPieceTests {
  @Test(arguments: [("golden", 243), ("published", 500)])
  func idsAreThoseOfTheReference(name: String, count: Int) throws {
    let folder = SharedData.path("tokenizers/bert-base-uncased")
    let tokenizer = try Tokenizer.load(directory: folder)
    #expect(tokenizer.vocabularySize == 30_522)
    let rows = try GoldenRow.load("\(folder)/\(name).jsonl")
    #expect(rows.count == count)
    for row in rows {
      #expect(
        tokenizer.encode(row.text, addingSpecialTokens: false) == row.ids,
        "\(row.text.debugDescription)")
      #expect(tokenizer.encode(row.text, addingSpecialTokens: true) == [101] + row.ids + [102])
    }
  }
}
