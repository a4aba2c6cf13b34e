#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

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
    if let cause { text += " (\(Self.words(for: cause)))" }
    if let advice { text += "\n  \(advice)" }
    return text
  }

  /// What Foundation reports, in the system's words; its own description is for programmers.
  private static func words(for cause: any Error) -> String {
    let posix = (cause as? CocoaError)?.underlying as? POSIXError ?? cause as? POSIXError
    if let posix { return String(cString: strerror(posix.code.rawValue)) }
    return (cause as? CocoaError).map { "error \($0.code.rawValue)" } ?? "\(cause)"
  }
}
