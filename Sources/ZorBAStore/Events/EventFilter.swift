/// Which events are asked for: those that match every part that is given.
package struct EventFilter: Hashable, Sendable {
  package var run: String?
  package var site: String?
  package var round: Int?
  package var kind: String?
  /// Only events older than the one of this identifier, to turn a page.
  package var before: Int?

  package init(
    run: String? = nil, site: String? = nil, round: Int? = nil, kind: String? = nil,
    before: Int? = nil
  ) {
    self.run = run
    self.site = site
    self.round = round
    self.kind = kind
    self.before = before
  }
}
