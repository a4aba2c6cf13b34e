import Foundation
import ZorBAJSON

/// The newest whole line of a file that another process grows.
struct LastLine {
  private let text: Data

  /// Nil when there is none yet.
  init?(of path: String) {
    guard let file = FileHandle(forReadingAtPath: path), let end = try? file.seekToEnd() else {
      return nil
    }
    defer { try? file.close() }
    try? file.seek(toOffset: end > 8192 ? end - 8192 : 0)
    guard let tail = try? file.readToEnd(), let last = tail.lastIndex(of: UInt8(ascii: "\n")) else {
      return nil
    }
    guard let line = tail[..<last].split(separator: UInt8(ascii: "\n")).last else { return nil }
    text = Data(line)
  }

  /// The line as JSON.
  var json: JSONValue? { try? JSONParser.parse(Array(text)) }
}
