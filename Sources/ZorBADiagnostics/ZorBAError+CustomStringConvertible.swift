extension ZorBAError.Location: CustomStringConvertible {
  /// `file:line: field`, leaving out what is not known.
  public var description: String {
    var place = file ?? ""
    if let line { place += place.isEmpty ? "line \(line)" : ":\(line)" }
    if let field { place += place.isEmpty ? field : ": \(field)" }
    return place
  }
}

extension ZorBAError: CustomStringConvertible {
  /// The error as a person reads it: one line, or two when there is advice.
  public var description: String {
    let place = location.description
    var text = place.isEmpty ? message : "\(place): \(message)"
    if let cause { text += " (\(cause))" }
    if let advice { text += "\n  \(advice)" }
    return text
  }
}
