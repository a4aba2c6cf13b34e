import ZorBADiagnostics

/// How real numbers become words of Z_2^64 such that no sum can overflow.
///
/// A word is a weighted value times 2^fractionBits, rounded to nearest and in two's complement. With
/// at most n members of total weight at most W and values clipped to C (taken as at least 1),
///
///     |sum of words| <= W max(C, 1) 2^f + n/2 < 2^63,
///
/// where n/2 bounds the roundings, so the sum modulo 2^64, read as a signed number, is the sum.
/// The inequality is checked when this is made, and every encoded value against its share of it.
package struct FixedPoint: Sendable, Hashable {
  /// Fewer bits than these would make the rounding visible.
  package static let fewestFractionBits = 16
  /// More bits than these say nothing that a double's significand holds.
  package static let mostFractionBits = 40

  /// The bound on a value before it is weighted.
  package let clip: Double
  /// The bound on the sum of the members' weights.
  package let totalWeight: Double
  /// The bound on the number of members.
  package let members: Int
  /// The place of the binary point.
  package let fractionBits: Int

  /// The distance of two neighbouring numbers, 2^-fractionBits.
  package var step: Double { Double(sign: .plus, exponent: -fractionBits, significand: 1) }

  /// Takes as many fraction bits as the bound leaves room for, at most ``mostFractionBits``.
  ///
  /// - Throws: ``ZorBAError`` with code `invalidConfiguration` where fewer than
  ///   ``fewestFractionBits`` remain, or a bound is not a positive, finite number.
  package init(clip: Double, totalWeight: Double, members: Int) throws {
    guard clip.isFinite, clip > 0, totalWeight.isFinite, totalWeight > 0,
      (1...Self.mostMembers).contains(members)
    else {
      throw ZorBAError(
        .invalidConfiguration,
        "a clip of \(clip) and a total weight of \(totalWeight) bound no sum of \(members) members",
        at: .init(field: "secure_aggregation.clip"),
        advice: "Both must be positive and finite, and there must be a member.")
    }
    let bits = (Self.fewestFractionBits...Self.mostFractionBits).last {
      Self.fits(clip: clip, totalWeight: totalWeight, members: members, fractionBits: $0)
    }
    guard let bits else {
      throw ZorBAError(
        .invalidConfiguration,
        """
        a clip of \(clip) and a total weight of \(totalWeight) leave fewer than \
        \(Self.fewestFractionBits) fraction bits in 64
        """, at: .init(field: "secure_aggregation.clip"),
        advice: "Lower the clip, or give weights as shares that add up to 1.")
    }
    self.clip = clip
    self.totalWeight = totalWeight
    self.members = members
    fractionBits = bits
  }

  private static let mostMembers = 1 << 20

  /// Whether W max(C, 1) 2^f + n/2 < 2^63; a margin of 2^-40 covers the rounding of the product here
  /// and of those in ``encode(_:weight:)``.
  private static func fits(
    clip: Double, totalWeight: Double, members: Int, fractionBits: Int
  ) -> Bool {
    let largest =
      totalWeight * max(clip, 1) * Double(sign: .plus, exponent: fractionBits, significand: 1)
    return largest * (1 + 0x1p-40) + Double(members) / 2 + 1 < 0x1p63
  }

  /// One word: `weight` times `value` clipped to ±clip, in fixed point.
  ///
  /// - Throws: ``ZorBAError``: `diverged` for a value that is no number; `invalidData` for a weight
  ///   that is negative, not finite or above the total.
  package func encode(_ value: Double, weight: Double) throws -> UInt64 {
    guard !value.isNaN else {
      throw ZorBAError(
        .diverged, "a value to be summed is not a number",
        advice: "Lower the learning rate or the perturbation scale.")
    }
    try check(weight)
    return word(weight * min(max(value, -clip), clip))
  }

  /// The whole vector of a site: its weighted clipped scalars, its weight, its weighted loss.
  ///
  /// - Returns: `scalars.count + 2` words.
  /// - Throws: As ``encode(_:weight:)``.
  package func vector(
    scalars: some Sequence<Double>, weight: Double, loss: Double
  ) throws -> [UInt64] {
    var words: [UInt64] = []
    for scalar in scalars { words.append(try encode(scalar, weight: weight)) }
    try check(weight)
    words.append(word(weight))
    words.append(try encode(loss, weight: weight))
    return words
  }

  /// The number that a word, or a sum of words, stands for.
  package func decode(_ word: UInt64) -> Double { Double(Int64(bitPattern: word)) * step }

  /// The parts of a sum of vectors made by ``vector(scalars:weight:loss:)``.
  ///
  /// - Throws: ``ZorBAError`` with code `invalidData` for a sum too short or a weight that cannot be.
  package func decode(sum: [UInt64]) throws -> (scalars: [Double], weight: Double, loss: Double) {
    guard sum.count >= 2 else {
      throw ZorBAError(
        .invalidData, "a sum of \(sum.count) words has no weight and no loss",
        advice: "The vector is scalars, weight, weighted loss.")
    }
    let weight = decode(sum[sum.count - 2])
    guard weight >= 0, weight <= totalWeight + Double(members) * step else {
      throw ZorBAError(
        .invalidData,
        "the weights of a group add up to \(weight), which is not within 0 to \(totalWeight)",
        advice: "A member adds something else than it agreed to; try without it.")
    }
    return (sum.dropLast(2).map(decode), weight, decode(sum[sum.count - 1]))
  }

  private func check(_ weight: Double) throws {
    guard weight >= 0, weight <= totalWeight else {
      throw ZorBAError(
        .invalidData, "a weight of \(weight) is not within 0 to \(totalWeight)",
        at: .init(field: "weight"), advice: "The total bounds every site's weight.")
    }
  }

  /// Within the bound, so it neither rounds out of Int64 nor traps.
  private func word(_ value: Double) -> UInt64 {
    let scaled = value * Double(sign: .plus, exponent: fractionBits, significand: 1)
    return UInt64(bitPattern: Int64(scaled.rounded(.toNearestOrEven)))
  }
}
