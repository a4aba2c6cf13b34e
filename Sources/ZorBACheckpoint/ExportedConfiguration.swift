import ZorBAJSON
import ZorBATensor

/// The `config.json` of an export.
enum ExportedConfiguration {
  /// The configuration with its type set anew, or nil when the base's own file still tells the truth.
  ///
  /// It changes only when the weights do: written all in one type that is not the base's.
  /// transformers calls the type `torch_dtype`, since version 5 `dtype`.
  static func adjusted(_ base: Checkpoint, to written: [DType]) -> JSONValue? {
    let stored = base.shards.flatMap { $0.entries.compactMap(\.element.dtype) }
    guard let dtype = written.first, Set(written) == [dtype], Set(stored) != [dtype],
      let members = base.configuration.object?.members
    else { return nil }
    let keys = ["torch_dtype", "dtype"]
    var object = JSONObject()
    for member in members {
      let value = keys.contains(member.key) ? .string(dtype.rawValue) : member.value
      _ = object.append(.init(key: member.key, value: value))
    }
    if keys.allSatisfy({ object[$0] == nil }) {
      _ = object.append(.init(key: keys[0], value: .string(dtype.rawValue)))
    }
    return .object(object)
  }
}
