/// A name in which every `*` stands for any characters, or none.
///
/// Names are compared byte by byte: Unicode's equivalences must not let a name through that the
/// policy does not spell.
package struct NamePattern: Sendable, Equatable, CustomStringConvertible {
  package let description: String

  package init(_ text: String) { description = text }

  package static func == (left: NamePattern, right: NamePattern) -> Bool {
    left.description.utf8.elementsEqual(right.description.utf8)
  }

  /// Whether the whole name fits; at most length times length comparisons.
  package func matches(_ name: String) -> Bool {
    let pattern = Array(description.utf8)
    let name = Array(name.utf8)
    let star = UInt8(ascii: "*")
    var (p, n) = (0, 0)
    // Where the last star stands, and up to where it has taken characters.
    var retry: (pattern: Int, name: Int)?
    while n < name.count {
      if p < pattern.count, pattern[p] == star {
        retry = (p, n)
        p += 1
      } else if p < pattern.count, pattern[p] == name[n] {
        p += 1
        n += 1
      } else if let last = retry {
        retry = (last.pattern, last.name + 1)
        p = last.pattern + 1
        n = last.name + 1
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == star }
  }
}
