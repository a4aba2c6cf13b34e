import ZorBADiagnostics
package import ZorBATensor

/// Applies a dense update to the weights as its bytes come: w <- w + d in binary32.
///
/// The same bits everywhere, however the bytes are cut: elements are independent.
package struct DenseUpdate {
  private var decoder: DenseDecoder
  private let weights: [UnsafeMutableBufferPointer<Float>]
  private let names: [String]
  private let round: UInt64

  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the weights are not float32.
  package init(
    round: UInt64, blocks: [Int], encoding: DenseEncoding, parameters: ParameterSet
  ) throws {
    let covered = blocks.flatMap { parameters.blocks[$0] }
    weights = try covered.map { try $0.floats() }
    names = covered.map(\.name)
    decoder = DenseDecoder(
      layout: DenseLayout(blocks: blocks, of: parameters), encoding: encoding)
    self.round = round
  }

  /// Applies what comes next.
  ///
  /// - Throws: `ZorBAError` with code `invalidData` when it is no update, with code `diverged` when a
  ///   weight becomes too large. The weights are then a mixture of old and new and must be rebuilt
  ///   from the base model.
  package mutating func feed(_ bytes: UnsafeRawBufferPointer) throws {
    try decoder.feed(bytes) { [weights, names, round] entry, first, values in
      let target = weights[entry]
      var isFinite = true
      for (index, value) in values.enumerated() {
        let sum = target[first + index] + value
        target[first + index] = sum
        isFinite = isFinite && sum.isFinite
      }
      guard isFinite else {
        throw ZorBAError(
          .diverged, "round \(round) makes a weight too large for float32",
          at: .init(field: names[entry]),
          advice: "Go back to an earlier round and continue with a lower learning rate.")
      }
    }
  }

  /// Checks that every element has been changed.
  ///
  /// - Throws: `ZorBAError` with code `invalidData`.
  package func finish() throws {
    guard decoder.isFinished else {
      throw ZorBAError(
        .invalidData, "round \(round): the dense update ends before its last element",
        at: .init(field: "delta"))
    }
  }

  /// Applies a whole update.
  ///
  /// - Throws: As `feed`.
  package static func apply(
    _ delta: DenseDelta, round: UInt64, blocks: [Int], to parameters: ParameterSet
  ) throws {
    var update = try DenseUpdate(
      round: round, blocks: blocks, encoding: delta.encoding, parameters: parameters)
    try delta.body.withUnsafeBytes { try update.feed($0) }
    try update.finish()
  }
}
