import ZorBADiagnostics

/// Bounds of the numbers that a measurement is asked for with.
enum OptionCheck {
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming the option when `value` lies
  ///   outside `range`.
  static func require(
    _ value: Int, in range: ClosedRange<Int>, option: String, advice: String? = nil
  ) throws {
    guard !range.contains(value) else { return }
    throw ZorBAError(
      .invalidConfiguration, "\(value) is not possible", at: .init(field: option),
      advice: advice ?? "Use \(range.lowerBound) to \(range.upperBound).")
  }
}
