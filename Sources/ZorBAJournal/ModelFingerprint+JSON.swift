package import ZorBAJSON
import ZorBATensor

/// How headers and model cards write the tensors of a model.
extension ModelFingerprint {
  package var json: JSONValue {
    [
      "family": .string(family),
      "blocks": .array(blocks.map { .array($0.map(Self.json)) }),
    ]
  }

  private static func json(_ tensor: TensorEntry) -> JSONValue {
    [
      .string(tensor.name), .string(tensor.dtype.rawValue),
      .array(tensor.shape.map { .integer($0) }),
    ]
  }

  /// - Parameter json: The member `model`.
  /// - Throws: `ZorBAError` with code `invalidJournal` naming the member that is wrong.
  package init(json: JSONValue?) throws {
    guard let family = json?["family"]?.string else {
      throw JournalHeader.fault("model.family")
    }
    self.init(
      family: family,
      blocks: try JournalHeader.array(json?["blocks"], "model.blocks").map { block in
        try JournalHeader.array(block, "model.blocks").map(Self.tensor)
      })
  }

  private static func tensor(_ json: JSONValue) throws -> TensorEntry {
    guard let parts = json.array, parts.count == 3, let name = parts[0].string,
      let dtype = parts[1].string.flatMap({ DType(rawValue: $0) }), let shape = parts[2].array
    else { throw JournalHeader.fault("model.blocks") }
    return TensorEntry(
      name: name, dtype: dtype,
      shape: try shape.map { extent in
        guard let extent = extent.integer, extent >= 0 else {
          throw JournalHeader.fault("model.blocks")
        }
        return extent
      })
  }
}
