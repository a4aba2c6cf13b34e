import Testing
import ZorBAJSON
import ZorBAPlanning

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Goldens/sensitivity.json (Tools/sensitivity_goldens.py).
enum SensitivityGolden {
  static func cases(_ kind: String) throws -> [JSONValue] {
    let folder = #filePath.split(separator: "/").dropLast(2).reduce("") { $0 + "/" + $1 }
    let data = try #require(
      FileManager.default.contents(atPath: folder + "/Goldens/sensitivity.json"))
    let json = try JSONParser.parse(Array(data), file: "sensitivity.json")
    return try #require(json[kind]?.array)
  }

  static func numbers(_ value: JSONValue?) throws -> [Double] {
    try #require(value?.array).map { try #require($0.double) }
  }

  static func rows(_ value: JSONValue?) throws -> [[Double]] {
    try #require(value?.array).map { try numbers($0) }
  }

  static func scalars(_ value: JSONValue?) throws -> [HalvedScalar] {
    try rows(value).map { HalvedScalar(whole: $0[0], first: $0[1], second: $0[2]) }
  }
}

/// Whether two numbers agree to the given relative accuracy.
func agree(_ left: Double, _ right: Double, within tolerance: Double = 1e-10) -> Bool {
  abs(left - right) <= tolerance * max(1, abs(left), abs(right))
}
