#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A file written by Tools/numerics_vectors.py: lines of words, `#` starting a comment.
enum GoldenFile {
  static func lines(_ name: String) throws -> [[Substring]] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
    let data = try Data(contentsOf: folder.appending(path: "Goldens").appending(path: name))
    return String(decoding: data, as: UTF8.self)
      .split(separator: "\n").filter { !$0.hasPrefix("#") }
      .map { $0.split(separator: " ") }
  }
}

/// A hexadecimal number of a golden file.
func hex<T: FixedWidthInteger>(_ text: Substring, as: T.Type = T.self) throws -> T {
  guard let value = T(text, radix: 16) else { throw MalformedGolden(text: String(text)) }
  return value
}

struct MalformedGolden: Error {
  let text: String
}
