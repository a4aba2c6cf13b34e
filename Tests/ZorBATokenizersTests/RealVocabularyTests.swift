import Testing
import ZorBATestSupport
import ZorBATokenizers

/// Real vocabularies against ids made with the reference libraries. They need the shared data
/// folder, because the vocabularies are megabytes and under licences of their own.
@Suite(.enabled(if: SharedData.isPresent, "the vocabularies lie in ../shared/data"))
struct RealVocabularyTests {
  @Test(arguments: ["gpt2", "opt", "qwen2"])
  func idsAreThoseOfTheReference(name: String) throws {
    let directory = SharedData.path("tokenizers/\(name)")
    let tokenizer = try Tokenizer.load(directory: directory)
    let rows = try GoldenRow.load("\(directory)/golden.jsonl")
    #expect(rows.count == 243)
    for row in rows {
      let ids = tokenizer.encode(row.text, addingSpecialTokens: false)
      #expect(ids == row.ids, "\(row.text.debugDescription)")
      let decoded = tokenizer.decode(ids, skippingSpecialTokens: false)
      // Qwen composes text (NFC), which leaves it canonically equivalent: what `==` compares.
      #expect(name == "qwen2" ? decoded == row.text : sameBytes(decoded, row.text))
    }
  }

  @Test func gpt2AgreesWithAPublishedVector() throws {
    let directory = SharedData.path("tokenizers/gpt2")
    let tokenizer = try Tokenizer.load(directory: directory)
    for row in try GoldenRow.load("\(directory)/published.jsonl") {
      #expect(tokenizer.encode(row.text, addingSpecialTokens: false) == row.ids)
    }
  }

  @Test func aPretrainedLlamaTokenizer() throws {
    let directory = SharedData.path("models/stories260K")
    let tokenizer = try Tokenizer.load(directory: directory)
    #expect(tokenizer.vocabularySize == 512)
    #expect(tokenizer.bosID == 1 && tokenizer.eosID == 2 && tokenizer.unknownID == 0)
    for row in try GoldenRow.load("\(directory)/tokenizer-golden.jsonl") {
      let ids = tokenizer.encode(row.text, addingSpecialTokens: false)
      #expect(ids == row.ids, "\(row.text.debugDescription)")
      #expect(tokenizer.encode(row.text, addingSpecialTokens: true) == [1] + row.ids)
      #expect(sameBytes(tokenizer.decode(ids, skippingSpecialTokens: true), row.text))
    }
  }

  @Test func rolesComeFromTheFiles() throws {
    let qwen = try Tokenizer.load(directory: SharedData.path("tokenizers/qwen2"))
    #expect(qwen.bosID == nil && qwen.eosID == 151_645 && qwen.padID == 151_643)
    #expect(qwen.vocabularySize == 151_646)
    let opt = try Tokenizer.load(directory: SharedData.path("tokenizers/opt"))
    #expect(opt.encode("Hello world", addingSpecialTokens: true).first == 2)
    #expect(opt.bosID == 2 && opt.eosID == 2 && opt.padID == 1)
    let gpt2 = try Tokenizer.load(directory: SharedData.path("tokenizers/gpt2"))
    #expect(gpt2.eosID == 50_256)
    #expect(gpt2.encode("a<|endoftext|>b", addingSpecialTokens: true) == [64, 50_256, 65])
  }
}
