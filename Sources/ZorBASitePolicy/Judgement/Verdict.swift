package import ZorBADiagnostics

/// What a policy says to a request.
package enum Verdict: Sendable, Equatable {
  case allowed
  case refused(Refusal)
  /// Not now; asking again before the moment is useless.
  case wait(until: UTCInstant, Refusal)

  package var isAllowed: Bool { self == .allowed }
}

/// Why a policy says no.
package struct Refusal: Sendable, Equatable {
  package let key: PolicyKey
  /// The policy file and the line of the key in it.
  package let file: String
  package let line: Int?
  /// What was asked, as a clause: `the run asks for 8 local steps`.
  package let asked: String
  /// What the policy allows, as a clause: `the policy allows at most 4`.
  package let allowed: String
  /// What the site's owner may do about it.
  package let advice: String

  /// For the site's own people: file, line, key, both values and what to do.
  package var error: ZorBAError {
    ZorBAError(
      .refused, "\(asked); \(allowed)", at: .init(file: file, line: line, field: key.rawValue),
      advice: advice)
  }

  /// The same on one line.
  package var sentence: String {
    var place = error
    place.advice = nil
    return "\(place.description). \(advice)"
  }
}
