import Testing
import ZorBABench
import ZorBADiagnostics

@Suite struct BlockSelectionTests {
  private func blocks(_ text: String, of count: Int = 12, outer: Bool? = nil) throws -> [Int] {
    try BlockSelection(parsing: text).blocks(transformerBlocks: count, outer: outer)
  }

  @Test func allTakesTheOuterBlockUnlessToldOtherwise() throws {
    #expect(try blocks("all", of: 3) == [0, 1, 2, 3])
    #expect(try blocks("all", of: 3, outer: true) == [0, 1, 2, 3])
    #expect(try blocks("all", of: 3, outer: false) == [1, 2, 3])
  }

  @Test(arguments: [(1, [1]), (4, [4]), (5, [4, 5]), (12, [10, 11, 12])])
  func theTopQuarterIsRoundedUp(count: Int, expected: [Int]) throws {
    #expect(try blocks("top-quarter", of: count) == expected)
    #expect(try blocks("top-quarter", of: count, outer: true) == [0] + expected)
  }

  @Test func listsAreSetsOfBlocks() throws {
    #expect(try blocks("7,3,7,12") == [3, 7, 12])
    #expect(try blocks("0,2") == [0, 2])
    #expect(try blocks("2", outer: true) == [0, 2])
  }

  @Test(arguments: ["", "x", "1,,2", "1,", "-1", "1-3", "All", "1 2", "99999999999999999999"])
  func otherTextIsRefused(text: String) {
    #expect(throws: ZorBAError.self) { try BlockSelection(parsing: text) }
  }

  @Test func blocksThatDoNotExistAreNamed() {
    let error = #expect(throws: ZorBAError.self) { try blocks("1,13,2") }
    #expect(error?.code == .invalidConfiguration)
    #expect(error?.location.field == "--blocks")
    #expect(error?.message.contains("13") == true)
    #expect(error?.advice?.contains("1 to 12") == true)
  }

  @Test func theOuterBlockIsNotBothListedAndRuledOut() {
    #expect(throws: ZorBAError.self) { try blocks("0,1", outer: false) }
  }
}
