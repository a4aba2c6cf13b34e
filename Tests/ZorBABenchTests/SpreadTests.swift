import Testing
import ZorBABench
import ZorBAJSON

@Suite struct SpreadTests {
  @Test func theMiddleOfAnOddNumber() {
    let spread = Spread([5, 1, 4, 2, 3])
    #expect((spread.min, spread.median, spread.max) == (1, 3, 5))
  }

  @Test func theMeanOfTheTwoInTheMiddle() {
    let spread = Spread([10, 2, 4, 1])
    #expect((spread.min, spread.median, spread.max) == (1, 3, 10))
  }

  @Test func oneSampleIsEverything() {
    #expect(Spread([7]).json == ["min": 7.0, "median": 7.0, "max": 7.0])
  }
}
