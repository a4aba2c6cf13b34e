extension DenseLayout {
  /// The layout of one tensor alone.
  package init(_ entry: Entry) { entries = [entry] }
}
