extension DenseLayout {
  /// The layout of one tensor alone.
  package init(_ entry: Entry) { self.init(entries: [entry]) }
}
