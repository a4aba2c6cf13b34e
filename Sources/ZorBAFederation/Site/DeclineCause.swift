/// Why a site does not answer an assignment, as far as the coordinator is told.
///
/// A closed set, so that nothing of the site's own words crosses the wire: the text of an error can
/// name files and repeat what stands in rows. The numbers are those of the wire; they never change.
package enum DeclineCause: Int, Sendable, Equatable, CaseIterable {
  /// The site says no more, or says something that this version does not know.
  case unspecified = 0

  // The site says no.
  case run = 1
  case blocks = 2
  case work = 3
  case rounds = 4
  case hours = 5
  case bytes = 6
  case updates = 7
  case cohort = 8
  case privacy = 9
  case secureAggregation = 10

  // The site failed.
  case data = 20
  case model = 21
  case journal = 22
  case storage = 23
  case diverged = 24
  case transfer = 25
  case failure = 26

  /// Whether the site said no; otherwise it failed.
  package var isRefusal: Bool { (Self.run.rawValue...Self.secureAggregation.rawValue) ~= rawValue }

  /// What the coordinator says of it to its operators.
  package var sentence: String {
    switch self {
    case .unspecified: "the site does not say why"
    case .run: "the site's policy does not admit the run"
    case .blocks: "the site's policy does not allow these blocks"
    case .work: "the site's policy does not allow so many steps or directions"
    case .rounds: "the site's policy allows no more rounds for now"
    case .hours: "it is outside the hours of the site's policy"
    case .bytes: "the site's policy does not let so many bytes out"
    case .updates: "the site's policy does not allow the update"
    case .cohort: "too few sites take part for the site's policy"
    case .privacy: "the site's privacy budget or its rule on privacy does not allow it"
    case .secureAggregation: "the site does not agree to the secure aggregation"
    case .data: "the site's rows cannot be used"
    case .model: "the site's copy of the model cannot be used"
    case .journal: "the site's copy of the journal cannot be used"
    case .storage: "the site's disk refuses"
    case .diverged: "the site's losses are not finite"
    case .transfer: "the site's update did not come through"
    case .failure: "the site failed; its own log says how"
    }
  }
}
