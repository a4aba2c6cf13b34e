import ZorBAOptimization

/// Each answer to a round beside all the others.
struct RoundComparison {
  private let results: [ClientResult]
  private let rule: AggregationRule
  private let norms: [Double]
  /// Scalars at norm 1; nil where all are 0.
  private let units: [[Double]?]
  /// Places of the answers that had a block active.
  private let places: [Int: [Int]]

  /// - Parameter results: Finite scalars, all equally many.
  init(_ results: [ClientResult], rule: AggregationRule) {
    self.results = results
    self.rule = rule
    let norms = results.map { AggregationRule.norm(of: $0.scalars) }
    self.norms = norms
    units = zip(results, norms).map { result, norm in
      norm > 0 && norm.isFinite ? result.scalars.map { $0 / norm } : nil
    }
    var places: [Int: [Int]] = [:]
    for (place, result) in results.enumerated() {
      for block in result.blocks { places[block, default: []].append(place) }
    }
    self.places = places
  }

  /// - Parameters:
  ///   - directions: Whether scalars of different clients are along the same directions.
  ///   - influence: Whether to reckon what the round would be without each.
  func observations(directions: Bool, influence: Bool) -> [ContributionRecord.Observation] {
    // Secure aggregation and first-order methods leave nothing to compare.
    guard let width = results.first?.scalars.count, width > 0,
      results.allSatisfy({ $0.scalars.count == width })
    else { return results.map { _ in .init() } }
    let sums = directions ? unitSums(width) : [:]
    let whole = influence ? coefficients(without: nil, blocks: places.keys.sorted()) : [:]
    // In ascending order of blocks: a dictionary's own order differs from run to run.
    let size = squared(whole.keys.sorted().map { whole[$0] ?? [] })
    return results.indices.map { place in
      .init(
        others: directions ? others(than: place, sums: sums, width: width) : nil,
        own: units[place], normRatio: normRatio(of: place),
        change: influence && size > 0 && size.isFinite
          ? (moved: moved(without: place, whole), size: size) : nil)
    }
  }

  /// Sums of the directions of a block's answers, by block.
  private func unitSums(_ width: Int) -> [Int: [Double]] {
    places.mapValues { places in
      var sum = [Double](repeating: 0, count: width)
      for place in places {
        guard let unit = units[place] else { continue }
        for index in sum.indices { sum[index] += unit[index] }
      }
      return sum
    }
  }

  /// The mean direction of the others, over the blocks that the answer is about and somebody else's
  /// too; nil when there is none. Directions have norm 1, so that large scalars are not heard more.
  private func others(than place: Int, sums: [Int: [Double]], width: Int) -> [Double]? {
    var mean = [Double](repeating: 0, count: width)
    var shared = 0.0
    for block in results[place].blocks {
      let others = Double((places[block]?.count ?? 1) - 1)
      guard others > 0, let sum = sums[block] else { continue }
      shared += 1
      for index in mean.indices {
        mean[index] += (sum[index] - (units[place]?[index] ?? 0)) / others
      }
    }
    return shared > 0 ? mean.map { $0 / shared } : nil
  }

  private func normRatio(of place: Int) -> Double? {
    var others = norms
    others.remove(at: place)
    guard !others.isEmpty else { return nil }
    let median = others.sorted()[(others.count - 1) / 2]
    return median > 0 && median.isFinite ? norms[place] / median : nil
  }

  private func moved(without place: Int, _ whole: [Int: [Double]]) -> Double {
    let blocks = results[place].blocks
    let without = coefficients(without: place, blocks: blocks)
    return squared(
      blocks.map { block in
        let (all, rest) = (whole[block] ?? [], without[block])
        return all.indices.map { all[$0] - (rest?[$0] ?? 0) }
      })
  }

  private func coefficients(without absent: Int?, blocks: [Int]) -> [Int: [Double]] {
    var made: [Int: [Double]] = [:]
    for block in blocks {
      let answers = (places[block] ?? []).filter { $0 != absent }.map {
        (weight: results[$0].weight, scalars: rule.limited(results[$0].scalars))
      }
      guard !answers.isEmpty else { continue }
      made[block] = rule.coefficients(answers, width: answers[0].scalars.count)
    }
    return made
  }

  private func squared(_ vectors: some Sequence<[Double]>) -> Double {
    vectors.reduce(0) { $0 + $1.reduce(0) { $0 + $1 * $1 } }
  }
}
