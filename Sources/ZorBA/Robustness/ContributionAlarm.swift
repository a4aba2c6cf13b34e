package import ZorBAJSON

/// A site whose answers are persistently out of line, by name, with numbers.
///
/// It says that answers differ, not why: a broken tokenizer, labels of another meaning and false
/// scalars look alike.
public struct ContributionAlarm: Sendable, Equatable {
  /// What is out of line.
  public enum Kind: String, Sendable {
    /// The site's scalars have pointed against those of the others for long.
    case disagreement
    /// They are far larger than those of the others.
    case large
    /// They are far smaller.
    case small
    /// The guard keeps refusing them.
    case refused
  }

  /// The round after which it was raised.
  public var round: Int
  /// The site.
  public var client: String
  /// What is out of line.
  public var kind: Kind
  /// One sentence.
  public var text: String

  package var json: JSONValue {
    [
      "round": .integer(round), "client": .string(client), "kind": .string(kind.rawValue),
      "text": .string(text),
    ]
  }
}
