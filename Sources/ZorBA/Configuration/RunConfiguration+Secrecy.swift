extension RunConfiguration {
  /// Whether nobody sees an answer of a single site, only sums over several.
  package var hidesAnswers: Bool { secureAggregation.isOn }
}
