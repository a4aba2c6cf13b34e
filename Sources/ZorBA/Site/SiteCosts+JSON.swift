import ZorBADiagnostics
package import ZorBAJSON
package import ZorBAPlanning

/// What a site tells its coordinator of its costs; bytes are called as in `zorba plan --instance`.
extension SiteCosts {
  /// One object; `init(json:blocks:)` reads it back to an equal value.
  package var json: JSONValue {
    func numbers(_ values: [Double]) -> JSONValue { .array(values.map { .number($0) }) }
    return [
      "fixed_bytes": .number(fixedBytes), "resident_bytes": numbers(residentBytes),
      "fixed_seconds": .number(fixedSeconds), "prefix_seconds": numbers(prefixSeconds),
      "suffix_seconds": numbers(suffixSeconds), "active_seconds": numbers(activeSeconds),
    ]
  }

  /// More bytes or seconds than any site has; sums over sites and blocks stay finite.
  private static let largest = 1e18

  /// Reads costs that a site sent.
  ///
  /// - Parameters:
  ///   - text: What was sent: JSON, UTF-8.
  ///   - blocks: The transformer blocks of the run's model.
  /// - Throws: `ZorBAError` with code `invalidData` naming the member that cannot be used.
  package init(parsing text: some Collection<UInt8>, blocks: Int) throws {
    // Numbers are at most some 25 characters long.
    guard text.count <= 4096 + 128 * blocks else {
      throw Self.fault(nil, "\(text.count) bytes are too many for the costs of \(blocks) blocks")
    }
    let value = try JSONParser.parse(text)
    func number(_ value: JSONValue?, _ key: String) throws -> Double {
      guard let number = value?.double, number >= 0, number <= Self.largest else {
        throw Self.fault(
          key, "\(value?.serialized.excerpt() ?? "nothing") is no number from 0 to \(Self.largest)")
      }
      return number
    }
    func numbers(_ key: String) throws -> [Double] {
      guard let values = value[key]?.array, values.count == blocks else {
        throw Self.fault(key, "it is no list of \(blocks) numbers, one a transformer block")
      }
      return try values.map { try number($0, key) }
    }
    self.init(
      fixedBytes: try number(value["fixed_bytes"], "fixed_bytes"),
      residentBytes: try numbers("resident_bytes"),
      fixedSeconds: try number(value["fixed_seconds"], "fixed_seconds"),
      prefixSeconds: try numbers("prefix_seconds"), suffixSeconds: try numbers("suffix_seconds"),
      activeSeconds: try numbers("active_seconds"))
    // The planner relies on costs that grow with every block.
    for block in 0..<blocks where prefixSeconds[block] > suffixSeconds[block] {
      throw Self.fault(
        "prefix_seconds", "block \(block + 1) takes longer once than in all branches together")
    }
  }

  private static func fault(_ key: String?, _ message: String) -> ZorBAError {
    ZorBAError(
      .invalidData, message, at: .init(field: key), advice: "Use the same version of the software.")
  }
}
