package import ZorBAJSON
package import ZorBAOptimization

/// How headers and model cards write the digests of a base model.
extension StateDigest {
  package var json: JSONValue {
    [
      "state": .string(state.description),
      "blocks": .array(blocks.map { .string($0.description) }),
    ]
  }

  /// - Parameter json: The member `base`.
  /// - Throws: `ZorBAError` with code `invalidJournal` naming the member that is wrong.
  package init(json: JSONValue?) throws {
    let digests = try JournalHeader.array(json?["blocks"], "base.blocks").map { entry in
      guard let digest = entry.string.flatMap({ Digest128(hexadecimal: $0) }) else {
        throw JournalHeader.fault("base.blocks")
      }
      return digest
    }
    self.init(blocks: digests)
    guard json?["state"]?.string == state.description else {
      throw JournalHeader.fault("base.state")
    }
  }
}
