import Foundation
import ZorBAJSON

@testable import ZorBAPlanning

/// Instances small enough to enumerate, and what enumeration found.
enum Goldens {
  static let names = ["i1", "i2", "i3"]

  static func path(_ name: String) -> String {
    let folder = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    return "/\(folder)/Goldens/\(name).json"
  }

  static func instance(_ name: String) throws -> PlanningInstance {
    try InstanceFile.read(path: path("instance-\(name)"))
  }

  static func optimum(_ name: String) throws -> JSONValue? {
    let data = try Data(contentsOf: URL(filePath: path("instance-optima")))
    return try JSONParser.parse(data)[name]
  }

  /// `1010` as a row.
  static func row(_ text: String) -> [Bool] { text.map { $0 == "1" } }
}
