import Testing
import ZorBATestSupport

@testable import ZorBATokenizers

@Suite struct SymbolMergerTests {
  /// The definition, without any of the bookkeeping.
  private func reference(_ symbols: [Int32], _ table: MergeTable) -> [Int32] {
    var symbols = symbols
    while true {
      let merges = zip(symbols, symbols.dropFirst()).map { table.find($0, $1) }
      guard let lowest = merges.map(\.rank).min(), lowest != .max,
        let position = merges.firstIndex(where: { $0.rank == lowest })
      else { return symbols }
      symbols.replaceSubrange(position...position + 1, with: [merges[position].id])
    }
  }

  @Test func bothAlgorithmsFollowTheDefinition() {
    var generator = SeededGenerator(seed: 11)
    for round in 0..<400 {
      let alphabet = Int32.random(in: 2...5, using: &generator)
      let entries = Int.random(in: 0...40, using: &generator)
      var table = MergeTable(entries: entries)
      for index in 0..<entries {
        let known = alphabet + Int32(index)
        table.set(
          Int32.random(in: 0..<known, using: &generator),
          Int32.random(in: 0..<known, using: &generator),
          // Shared ranks, as SentencePiece pieces of equal score have them.
          .init(rank: UInt32(round % 2 == 0 ? index : index / 3), id: known))
      }
      let length = Int.random(in: 0...80, using: &generator)
      let word = (0..<length).map { _ in Int32.random(in: 0..<alphabet, using: &generator) }
      let expected = reference(word, table)
      for merge in [SymbolMerger.mergeLinearly, SymbolMerger.mergeByQueue] {
        var symbols = word
        let count = symbols.withUnsafeMutableBufferPointer { merge($0, table) }
        #expect(Array(symbols.prefix(count)) == expected)
      }
    }
  }

  /// 100 KB of one letter: quadratic work would be ten thousand million steps.
  @Test(arguments: ["gpt2", "llama2", "sentencepiece-llama"])
  func aWordWithoutEndIsEncoded(name: String) throws {
    let tokenizer = try Tokenizer.load(directory: Goldens.directory(name))
    for unit in ["a", "the", "日", "\u{301}", "'", "0"] {
      let text = String(repeating: unit, count: 100_000 / unit.utf8.count)
      let ids = tokenizer.encode(text, addingSpecialTokens: false)
      #expect(sameBytes(tokenizer.decode(ids, skippingSpecialTokens: false), text))
    }
  }

  @Test func aTableFindsWhatWasSet() {
    var generator = SeededGenerator(seed: 5)
    var table = MergeTable(entries: 1000)
    var expected: [[Int32]: MergeTable.Merge] = [:]
    for index in 0..<1000 {
      let pair = [
        Int32.random(in: 0..<50, using: &generator), Int32.random(in: 0..<50, using: &generator),
      ]
      expected[pair] = .init(rank: UInt32(index), id: Int32(index))
      table.set(pair[0], pair[1], .init(rank: UInt32(index), id: Int32(index)))
    }
    #expect(table.count == expected.count)
    for left in Int32(0)..<50 {
      for right in Int32(0)..<50 {
        #expect(table.find(left, right) == expected[[left, right]] ?? .none)
      }
    }
  }
}
