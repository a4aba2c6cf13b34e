import ZorBADiagnostics
import ZorBAJSON

/// `model.safetensors.index.json`: which shard holds which tensor.
struct CheckpointIndex {
  /// One file of the index and the tensors it is said to hold.
  struct Shard {
    let fileName: String
    /// In the order of the index; never empty.
    var names: [String]
    /// The line of the first of them.
    let line: Int
  }

  /// Sorted by file name.
  let shards: [Shard]

  /// - Throws: `ZorBAError` with code `invalidModel` when the index has no usable `weight_map`.
  init(path: String) throws {
    let file = try MappedFile(path: path)
    let json = try JSONParser.parse(
      file.bytes.bindMemory(to: UInt8.self), file: path, code: .invalidModel)
    guard let map = json["weight_map"]?.object, !map.members.isEmpty else {
      throw ZorBAError(
        .invalidModel, "it must be an object that names at least one tensor and its shard",
        at: .init(file: path, field: "weight_map"), advice: "Download the index again.")
    }
    var shards: [Shard] = []
    var places: [String: Int] = [:]
    for member in map.members {
      guard let fileName = member.value.string, Self.isAllowed(fileName) else {
        throw ZorBAError(
          .invalidModel,
          "the shard name \(member.value.serialized.excerpt()) is not the plain ASCII name of a "
            + ".safetensors file",
          at: .init(file: path, line: member.line, field: member.key.excerpt()),
          advice:
            "Shards must lie beside the index; a path, '..' or a control character is refused.")
      }
      if let place = places[fileName] {
        shards[place].names.append(member.key)
      } else {
        places[fileName] = shards.count
        shards.append(Shard(fileName: fileName, names: [member.key], line: member.line))
      }
    }
    self.shards = shards.sorted { $0.fileName < $1.fileName }
  }

  /// A name that cannot leave the directory nor stand for another file of the checkpoint.
  ///
  /// ASCII only, which also makes equal names equal bytes.
  private static func isAllowed(_ name: String) -> Bool {
    name.hasSuffix(".safetensors") && !name.hasPrefix(".") && !name.contains("..")
      && name.utf8.allSatisfy {
        (0x20..<0x7F).contains($0) && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\")
      }
  }
}
