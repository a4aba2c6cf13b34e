import Crypto

/// What a digest, a signature or a key is for; no bytes made for one purpose pass for another.
enum Labels: String {
  case keys = "ZorBA secure aggregation keys v1"
  case entry = "ZorBA secure aggregation roster entry v1"
  case roster = "ZorBA secure aggregation roster v1"
  case graph = "ZorBA secure aggregation graph v1"
  case seed = "ZorBA secure aggregation seed commitment v1"
  case channel = "ZorBA secure aggregation channel v1"
  case pairMask = "ZorBA secure aggregation pair mask v1"
  case selfMask = "ZorBA secure aggregation self mask v1"
  case share = "ZorBA secure aggregation share v1"
  case maskedInput = "ZorBA secure aggregation masked input v1"
  case survivors = "ZorBA secure aggregation survivors v1"
  case recovery = "ZorBA secure aggregation recovery v1"

  /// The label and the parts, each with its length before it, so that no two lists of parts are the
  /// same bytes.
  func bytes(_ parts: [UInt8]...) -> [UInt8] { join(parts) }

  /// SHA-256 of the label and the parts.
  static func digest(_ label: Labels, _ parts: [UInt8]...) -> [UInt8] {
    Array(SHA256.hash(data: label.join(parts)))
  }

  private func join(_ parts: [[UInt8]]) -> [UInt8] {
    var writer = MessageWriter()
    writer.append(text: rawValue)
    for part in parts { writer.append(counted: part) }
    return writer.bytes
  }
}

extension Int {
  /// Eight bytes, little-endian, for labels and signatures.
  var labelled: [UInt8] {
    withUnsafeBytes(of: UInt64(truncatingIfNeeded: self).littleEndian, Array.init)
  }
}
