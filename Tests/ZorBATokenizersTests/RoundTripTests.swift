import Testing
import ZorBATestSupport

@testable import ZorBATokenizers

@Suite struct RoundTripTests {
  @Test(arguments: ["gpt2-files", "opt-files", "llama3", "llama2", "sentencepiece-llama"])
  func anyTextComesBack(name: String) throws {
    let tokenizer = try Tokenizer.load(directory: Goldens.directory(name))
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<1500 {
      let text = generator.text(length: 60)
      let ids = tokenizer.encode(text, addingSpecialTokens: true)
      #expect(ids.allSatisfy { tokenizer.token(of: $0) != nil })
      // SentencePiece writes spaces with this mark, so a text that has it does not come back.
      if text.unicodeScalars.contains("▁") { continue }
      #expect(sameBytes(tokenizer.decode(ids, skippingSpecialTokens: true), text))
    }
  }

  @Test(arguments: Goldens.all)
  func aStreamIsTheTextInPieces(name: String) throws {
    let tokenizer = try Tokenizer.load(directory: Goldens.directory(name))
    // The first lacks bytes; the others have an added token that byte-level decoding garbles, in the
    // reference too.
    let breaksCharacters = ["byte-level-small", "gpt2", "qwen2"].contains(name)
    for text in try Goldens.texts() {
      let ids = tokenizer.encode(text, addingSpecialTokens: true)
      let hasReplacement = text.unicodeScalars.contains("\u{FFFD}")
      var stream = tokenizer.streamDecoder()
      var streamed = ""
      for id in ids {
        let piece = stream.append(id)
        if !breaksCharacters && !hasReplacement {
          #expect(!piece.unicodeScalars.contains("\u{FFFD}"))
        }
        streamed += piece
      }
      streamed += stream.finish()
      #expect(sameBytes(streamed, tokenizer.decode(ids, skippingSpecialTokens: true)))
    }
  }

  @Test(arguments: ["gpt2", "qwen2"])
  func aStreamOfAnyIdsIsTheirDecoding(name: String) throws {
    let tokenizer = try Tokenizer.load(directory: Goldens.directory(name))
    var generator = SeededGenerator(seed: 2)
    let size = Int32(tokenizer.vocabularySize)
    for _ in 0..<2000 {
      let ids = (0..<10).map { _ in Int32.random(in: -2..<min(size + 2, 300), using: &generator) }
      var stream = tokenizer.streamDecoder(skippingSpecialTokens: false)
      let pieces = ids.map { stream.append($0) } + [stream.finish()]
      #expect(
        sameBytes(pieces.joined(), tokenizer.decode(ids, skippingSpecialTokens: false)), "\(ids)")
    }
  }

  @Test func halfACharacterIsHeldBack() throws {
    let tokenizer = try Tokenizer.load(directory: Goldens.directory("gpt2"))
    let ids = "€".utf8.compactMap { byte in
      tokenizer.id(of: String(decoding: ByteAlphabet.spelling(of: byte), as: UTF8.self))
    }
    #expect(ids.count == 3)
    var stream = tokenizer.streamDecoder()
    #expect(stream.append(ids[0]) == "")
    #expect(stream.append(ids[1]) == "")
    #expect(stream.append(ids[2]) == "€")
    #expect(stream.append(ids[0]) == "")
    let letter = try #require(tokenizer.id(of: "a"))
    #expect(stream.append(letter) == "\u{FFFD}a")
    #expect(stream.append(ids[0]) == "")
    #expect(stream.finish() == "\u{FFFD}")
    #expect(stream.finish() == "")
  }

  @Test func incompleteSuffixesAreThoseThatCanGrow() {
    // Against the validator: a suffix can grow if some continuation makes the bytes valid.
    for first in UInt8(0x80)...0xFF {
      #expect(UTF8Text.incompleteSuffixLength(of: [0x41, first]) == (canGrow([first]) ? 1 : 0))
      for second in UInt8(0x70)...0xC8 {
        let expected = canGrow([first, second]) ? 2 : canGrow([second]) ? 1 : 0
        #expect(UTF8Text.incompleteSuffixLength(of: [0x41, first, second]) == expected)
      }
    }
    #expect(UTF8Text.incompleteSuffixLength(of: [0xF0, 0x9F, 0x98]) == 3)
    #expect(UTF8Text.incompleteSuffixLength(of: [0xF0, 0x9F, 0x98, 0x80]) == 0)
    #expect(UTF8Text.incompleteSuffixLength(of: []) == 0)
  }

  private func canGrow(_ bytes: [UInt8]) -> Bool {
    let ends: [[UInt8]] = [[0x80], [0xA0], [0x90]]
    return ends.contains { end in
      (0...2).contains { more in
        let whole = bytes + end + [UInt8](repeating: 0x80, count: more)
        let text = String(validating: whole, as: UTF8.self)
        return text?.unicodeScalars.count == 1
      }
    }
  }

  @Test func tokensAreFoundByTheirBytes() throws {
    let tokenizer = try Tokenizer.load(directory: Goldens.directory("llama2"))
    for id in 0..<Int32(tokenizer.vocabularySize) {
      let token = try #require(tokenizer.token(of: id))
      #expect(tokenizer.id(of: token) == id)
    }
    #expect(tokenizer.token(of: -1) == nil && tokenizer.token(of: .max) == nil)
    #expect(tokenizer.id(of: "no such token") == nil)
    #expect(tokenizer.unknownID == 0)
  }
}
