/// What the pre-tokenization patterns ask of a character: `\p{L}`, `\p{N}`, `\s` or none of them.
enum ScalarClass: UInt8, Sendable {
  case other
  /// General category L: Lu, Ll, Lt, Lm, Lo.
  case letter
  /// General category N: Nd, Nl, No.
  case number
  /// The White_Space property.
  case space

  /// The Unicode version of the reference regular-expression engine; what came later is unassigned.
  ///
  /// A character that a newer standard library knows and the reference does not must not change how
  /// text is split.
  private static let referenceVersion = (major: 16, minor: 0)

  /// No letter, number or space lies at or above this scalar in the reference version.
  private static let limit: UInt32 = 0x32400

  /// The class of every scalar below `limit`. // [limit]
  static let table: [UInt8] = {
    var table = [UInt8](repeating: ScalarClass.other.rawValue, count: Int(limit))
    for value in 0..<limit {
      if let scalar = Unicode.Scalar(value) { table[Int(value)] = classify(scalar).rawValue }
    }
    return table
  }()

  private static func classify(_ scalar: Unicode.Scalar) -> ScalarClass {
    let properties = scalar.properties
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
      return isInReference(properties) ? .letter : .other
    case .decimalNumber, .letterNumber, .otherNumber:
      return isInReference(properties) ? .number : .other
    default:
      return properties.isWhitespace ? .space : .other
    }
  }

  private static func isInReference(_ properties: Unicode.Scalar.Properties) -> Bool {
    guard let age = properties.age else { return false }
    return (age.major, age.minor) <= referenceVersion
  }
}
