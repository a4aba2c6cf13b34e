package import Logging
import Synchronization
import ZorBADiagnostics
import ZorBAJSON

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Log lines as JSON objects, one a line: time (UTC), level, message, and whatever was given with it.
///
/// Lines are for machines; people see progress on standard error. A disk that is full costs log lines
/// and nothing else.
package struct LineLogHandler: LogHandler {
  package var logLevel: Logger.Level
  package var metadata: Logger.Metadata = [:]
  private let file: LineSink

  /// - Parameters:
  ///   - file: Where lines go; may be shared by many loggers.
  ///   - level: What is left out below.
  package init(file: LineSink, level: Logger.Level = .info) {
    self.file = file
    logLevel = level
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    var object = JSONObject()
    _ = object.append(.init(key: "time", value: .string(Date().formatted(.iso8601))))
    _ = object.append(.init(key: "level", value: .string(event.level.rawValue)))
    _ = object.append(.init(key: "message", value: .string("\(event.message)")))
    let merged = metadata.merging(event.metadata ?? [:]) { $1 }
    for (key, value) in merged.sorted(by: { $0.key < $1.key }) {
      _ = object.append(.init(key: key, value: .string("\(value)")))
    }
    file.append(JSONValue.object(object).serialized)
  }
}
