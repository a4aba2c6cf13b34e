package import SwiftProtobuf
package import ZorBADiagnostics

/// A message that is checked before anybody uses it, and before it is sent.
package protocol WireMessage: SwiftProtobuf.Message {
  /// Checks every field that has a rule: lengths, counts, ranges, finiteness.
  ///
  /// Fields that this version does not know are kept and not looked at.
  ///
  /// - Throws: `invalidData`, naming the field and the offending value.
  func validate(within limits: WireLimits) throws(ZorBAError)
}

/// The checks that messages are made of; the message's name is part of every fault.
struct MessageCheck {
  /// The message's name in the protocol.
  let message: String

  init(_ message: String) { self.message = message }

  func fault(_ field: String, _ text: String) -> ZorBAError {
    ZorBAError(
      .invalidData, "the peer's message breaks the protocol: \(text)",
      at: .init(field: field.isEmpty ? message : "\(message).\(field)"))
  }

  func require(
    _ condition: Bool, _ field: String, _ text: @autoclosure () -> String
  ) throws(ZorBAError) {
    guard condition else { throw fault(field, text()) }
  }

  /// A number of bytes out of the allowed ones.
  func length(_ count: Int, of lengths: [Int], _ field: String) throws(ZorBAError) {
    try require(
      lengths.contains(count), field,
      "\(count) bytes, not \(lengths.map(String.init).joined(separator: " or "))")
  }

  /// At most so many bytes.
  func atMost(_ limit: Int, bytes count: Int, _ field: String) throws(ZorBAError) {
    try require(count <= limit, field, "\(count) bytes; the bound is \(limit)")
  }

  /// At most so many elements.
  func atMost(_ limit: Int, elements count: Int, _ field: String) throws(ZorBAError) {
    try require(count <= limit, field, "\(count) elements; the bound is \(limit)")
  }

  /// A multiple of four bytes within the bound of packed numbers.
  func packed(
    _ bytes: some Collection<UInt8>, _ field: String, within limits: WireLimits
  ) throws(ZorBAError) {
    try atMost(limits.maximumPackedBytes, bytes: bytes.count, field)
    try require(
      bytes.count.isMultiple(of: 4), field, "\(bytes.count) bytes, not a multiple of four")
  }

  /// A round; rounds count from 1.
  func round(_ round: UInt64, _ field: String = "round") throws(ZorBAError) {
    try require(round > 0, field, "round 0; rounds count from 1")
    // Sequence numbers stay far from overflow in every sum that a receiver makes of them.
    try require(round <= 1 << 48, field, "round \(round) is beyond any run")
  }

  /// A duration in seconds.
  func seconds(_ seconds: Double, _ field: String) throws(ZorBAError) {
    try require(seconds.isFinite && seconds >= 0, field, "\(seconds) is no duration")
  }

  /// A share from 0 to 1, or no number for what has none.
  func share(_ share: Double, _ field: String) throws(ZorBAError) {
    try require(share.isNaN || (0...1).contains(share), field, "\(share) is no share")
  }

  /// The name of a run or a site, or nothing where that is allowed.
  func name(
    _ name: String, _ field: String, orEmpty: Bool = false, within limits: WireLimits
  ) throws(ZorBAError) {
    if name.isEmpty && orEmpty { return }
    try atMost(limits.maximumNameBytes, bytes: name.utf8.count, field)
    let plain = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "-"):
        true
      default: false
      }
    }
    try require(
      plain && !name.isEmpty && name.utf8.first != UInt8(ascii: "."), field,
      "'\(name.excerpt())' is no name: letters, digits, '.', '_' and '-', not starting with '.'")
  }

  /// A sentence for people.
  func text(_ text: String, _ field: String, within limits: WireLimits) throws(ZorBAError) {
    try atMost(limits.maximumTextBytes, bytes: text.utf8.count, field)
  }
}
