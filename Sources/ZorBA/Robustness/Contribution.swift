package import ZorBAJSON

/// What a site has brought to a run, as running figures of about the last hundred rounds.
public struct Contribution: Sendable, Equatable {
  /// The site.
  public var client: String
  /// Share of the rounds that gave it blocks in which it answered, over the whole run.
  public var answered: Double
  /// Share of its answers that the guard refused, over the whole run.
  public var refused: Double
  /// The norm of its scalars over the median of the others', geometric mean; nil before there was one.
  public var normRatio: Double?
  /// The cosine between its scalars and the mean of the others' directions; nil where directions
  /// differ by client, or scalars are not seen.
  public var agreement: Double?
  /// How far the coefficients of a round would be others without it, as a share of them.
  public var influence: Double?

  package var json: JSONValue {
    func number(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
    return [
      "client": .string(client), "answered": .number(answered), "refused": .number(refused),
      "norm_ratio": number(normRatio), "agreement": number(agreement),
      "influence": number(influence),
    ]
  }
}
