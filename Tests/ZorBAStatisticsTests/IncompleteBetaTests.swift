import Foundation
import Testing
import ZorBAStatistics

@Suite struct IncompleteBetaTests {
  /// Rows of `Tools/statistics_reference.py`: x, a, b, I_x(a, b).
  private static func rows() throws -> [[Double]] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
    let data = try Data(contentsOf: folder.appending(path: "Goldens/incomplete_beta.json"))
    return try JSONDecoder().decode([[Double]].self, from: data)
  }

  @Test func valuesAreThoseOfTheSeries() throws {
    let rows = try Self.rows()
    #expect(rows.count > 200)
    for row in rows {
      try #require(row.count == 4)
      let (x, a, b, value) = (row[0], row[1], row[2], row[3])
      let found = IncompleteBeta.regularised(x, a, b)
      #expect(abs(found - value) <= 4e-15 * (10 + a + b), "I_\(x)(\(a), \(b))")
      // Far out a lower tail keeps its digits: they do not go down in rounding beside 1.
      if value > 1e-300, x <= (a + 1) / (a + b + 2) {
        #expect(abs(found / value - 1) <= 1e-12 + 4e-15 * (a + b), "I_\(x)(\(a), \(b))")
      }
    }
  }

  /// With a whole `a` the function is a sum of binomial terms: at least `a` successes of `a + b - 1`.
  @Test func wholeParametersCountSuccesses() {
    for trials in 1...12 {
      for least in 1...trials {
        for x in [0.01, 0.2, 0.5, 0.77, 0.99] {
          var sum = 0.0
          var choices = 1.0
          for hits in 0...trials {
            if hits >= least {
              sum += choices * pow(x, Double(hits)) * pow(1 - x, Double(trials - hits))
            }
            choices *= Double(trials - hits) / Double(hits + 1)
          }
          let found = IncompleteBeta.regularised(x, Double(least), Double(trials - least + 1))
          #expect(abs(found - sum) < 1e-13)
        }
      }
    }
  }

  @Test func endsAreZeroAndOne() {
    for (a, b) in [(0.5, 0.5), (1, 30), (400, 2)] {
      #expect(IncompleteBeta.regularised(0, a, b) == 0)
      #expect(IncompleteBeta.regularised(-1, a, b) == 0)
      #expect(IncompleteBeta.regularised(1, a, b) == 1)
      #expect(IncompleteBeta.regularised(2, a, b) == 1)
    }
  }
}
