#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Tails of the hypergeometric distribution as base-2 logarithms, summed term by term.
///
/// No normal or Chernoff approximation: tails of 2^-40 are where those are furthest off.
struct Hypergeometric {
  /// The members drawn from.
  let population: Int
  private let logFactorials: [Double]

  /// Prepares for draws from a population.
  init(population: Int) {
    self.population = population
    var sum = 0.0
    var logs = [0.0]
    logs.reserveCapacity(population + 1)
    for number in stride(from: 1, through: population, by: 1) {
      sum += log2(Double(number))
      logs.append(sum)
    }
    logFactorials = logs
  }

  /// log2 P[X >= least], X marked ones among `draws` without replacement, where `marked` exist.
  func upperTail(marked: Int, draws: Int, least: Int) -> Double {
    logSum(marked: marked, draws: draws, over: least...)
  }

  /// log2 P[X <= most].
  func lowerTail(marked: Int, draws: Int, most: Int) -> Double {
    logSum(marked: marked, draws: draws, over: ...most)
  }

  /// log2 of the probability that `draws` places, named in advance, are all marked.
  func allMarked(marked: Int, draws: Int) -> Double {
    draws > marked ? -.infinity : choose(marked, draws) - choose(population, draws)
  }

  private func logSum(
    marked: Int, draws: Int, over range: some RangeExpression<Int>
  ) -> Double {
    let support = max(0, draws + marked - population)...min(draws, marked)
    let terms = support.filter { range.contains($0) }.map {
      choose(marked, $0) + choose(population - marked, draws - $0) - choose(population, draws)
    }
    guard let largest = terms.max() else { return -.infinity }
    return min(0, largest + log2(terms.reduce(0) { $0 + exp2($1 - largest) }))
  }

  private func choose(_ set: Int, _ subset: Int) -> Double {
    logFactorials[set] - logFactorials[subset] - logFactorials[set - subset]
  }
}
