/// The numbers of 4-bit NormalFloat (Dettmers et al., 2023).
enum NF4Levels {
  /// The 16 published levels: quantiles of a standard normal scaled to end at ±1, with an exact 0.
  static let values: [Float] = [
    -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
    -0.18477343022823334, -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725,
    0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941,
    0.7229568362236023, 1.0,
  ]

  /// The middles between neighbouring levels.
  private static let middles: [Float] = zip(values, values.dropFirst()).map {
    Float((Double($0) + Double($1)) / 2)
  }

  /// The nearest level of a number from −1 to 1, a middle counting as the lower one.
  static func code(_ value: Float) -> UInt8 {
    var code: UInt8 = 0
    for middle in middles where value > middle { code += 1 }
    return code
  }

  /// The 256 values of the signed 8-bit dynamic map (Dettmers et al., 2022), ascending: for every power of
  /// ten from 10^-6 to 1 twice as many fractions as for the one below.
  static let dynamicMap: [Float] = {
    var values: [Float] = [0, 1]
    for exponent in 0..<7 {
      let count = 1 << exponent
      let power = Self.powers[exponent]
      let step = 0.9 / Double(count)
      for index in 0..<count {
        let mean = Float((0.2 + Double(2 * index + 1) * step) / 2)
        let value = Float(power * Double(mean))
        values += [value, -value]
      }
    }
    return values.sorted()
  }()

  private static let powers: [Double] = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1]

  /// The nearest value of the dynamic map to a number from −1 to 1.
  static func dynamicCode(_ value: Float) -> UInt8 {
    var (low, high) = (0, 255)
    while high - low > 1 {
      let middle = (low + high) / 2
      if dynamicMap[middle] <= value { low = middle } else { high = middle }
    }
    return UInt8(value - dynamicMap[low] <= dynamicMap[high] - value ? low : high)
  }
}
