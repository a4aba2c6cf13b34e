/// One tensor of a safetensors file as its header describes it, validated.
package struct SafetensorsEntry: Sendable, Equatable {
  package let name: String
  package let element: SafetensorsElement
  package let shape: [Int]
  /// Its bytes, counted from the start of the file.
  package let bytes: Range<Int>
}

/// Names with a value each, found by their UTF-8 bytes.
///
/// A `[String: Value]` would merge names that are canonically equivalent and differ in bytes.
struct NameTable<Value: Sendable>: Sendable {
  /// Sorted by the UTF-8 bytes of the name.
  let rows: [(name: String, value: Value)]

  /// Sorts the rows; names are distinct byte for byte.
  init(_ rows: [(name: String, value: Value)]) {
    self.rows = rows.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  var names: [String] { rows.map(\.name) }

  subscript(name: String) -> Value? {
    var low = 0
    var high = rows.count
    while low < high {
      let middle = (low + high) / 2
      if rows[middle].name.utf8.lexicographicallyPrecedes(name.utf8) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    guard low < rows.count, rows[low].name.utf8.elementsEqual(name.utf8) else { return nil }
    return rows[low].value
  }
}
