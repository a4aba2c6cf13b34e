package import ZorBAModels
package import ZorBAPlanning

/// Rates of time from shapes alone, for planning before anything was measured.
///
/// Seconds are those of an imaginary machine of a stated speed at every operation: rows and sites
/// compare as they should, absolute numbers mean little. Memory needs no such stand-in; it is reckoned
/// from the model itself (`MemoryModel`).
package enum AnalyticCosts {
  /// The imaginary machine's speed, in 10^9 operations a second: a few ordinary cores.
  package static let gigaflops = 50.0

  /// What making a random number costs, in operations of a matrix product.
  private static let generationOperations = 40.0
  /// What bringing in and writing back a parameter costs, likewise.
  private static let writeOperations = 20.0

  /// The rates for a model's blocks.
  package static func time(
    _ configuration: ModelConfiguration, gigaflops: Double = Self.gigaflops
  ) -> TimeModel {
    let second = 1 / (gigaflops * 1e9)
    return TimeModel(
      fixed: 0, head: second, updateFixed: 0,
      types: [Int](repeating: 0, count: configuration.layerCount),
      rates: [
        .init(
          prefix: second, suffix: second, generation: generationOperations * second,
          write: writeOperations * second, term: generationOperations * second)
      ])
  }
}
