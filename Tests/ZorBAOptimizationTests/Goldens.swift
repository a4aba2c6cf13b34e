import Testing
import ZorBAJSON
import ZorBAOptimization

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Reference files written by Tools/optimization_goldens.py.
enum Goldens {
  static func load(_ name: String) throws -> JSONValue {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
    let data = try Data(contentsOf: folder.appending(path: "Goldens/\(name).json"))
    return try JSONParser.parse(data)
  }
}

extension JSONValue {
  /// The member, or a test failure naming it.
  func required(_ key: String) throws -> JSONValue {
    try #require(self[key], "the golden file lacks \(key)")
  }

  func requiredBytes(_ key: String) throws -> [UInt8] {
    try #require(try required(key).string.flatMap { Hexadecimal.bytes(of: $0) })
  }
}
