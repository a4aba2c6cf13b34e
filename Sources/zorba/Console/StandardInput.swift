import Foundation
import ZorBADiagnostics

/// What was piped into the command.
enum StandardInput {
  /// All of standard input, without its last line break.
  ///
  /// - Throws: `ZorBAError` when it is not UTF-8.
  static func text() throws -> String {
    let data = FileHandle.standardInput.readDataToEndOfFile()
    guard var text = String(validating: data, as: UTF8.self) else {
      throw ZorBAError(.invalidData, "standard input is not UTF-8 text")
    }
    if let last = text.last, last == "\n" || last == "\r\n" { text.removeLast() }
    return text
  }
}
