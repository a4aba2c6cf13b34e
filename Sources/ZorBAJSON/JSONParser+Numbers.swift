import ZorBADiagnostics

extension JSONParser {
  /// A number: an integer when it is written as one and fits, else the nearest binary64.
  ///
  /// A magnitude beyond binary64 is an error rather than an infinity.
  mutating func parseNumber() throws -> JSONValue {
    let start = position
    let isNegative = skip(UInt8(ascii: "-"))
    let firstDigit = position
    guard skipDigits() > 0 else { throw failure("a number without digits") }
    if bytes[firstDigit] == UInt8(ascii: "0"), position - firstDigit > 1 {
      throw failure("a number with a leading zero")
    }
    let digits = firstDigit..<position
    var isInteger = true
    if skip(UInt8(ascii: ".")) {
      isInteger = false
      guard skipDigits() > 0 else { throw failure("a number with nothing after its point") }
    }
    if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
      isInteger = false
      if !skip(UInt8(ascii: "+")) { _ = skip(UInt8(ascii: "-")) }
      guard skipDigits() > 0 else { throw failure("a number with an empty exponent") }
    }
    if isInteger, let value = integer(digits, isNegative: isNegative) { return .integer(value) }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    guard let value = Double(text), value.isFinite else {
      throw failure("number \(text.excerpt(limit: 40)) is out of range")
    }
    return .number(value)
  }

  private mutating func skipDigits() -> Int {
    let start = position
    while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position])
    {
      position += 1
    }
    return position - start
  }

  /// The digits' value, or nil when it does not fit.
  private func integer(_ digits: Range<Int>, isNegative: Bool) -> Int? {
    // Accumulated as a negative number, whose range is the larger one.
    var value = 0
    for place in digits {
      let (tenfold, overflow) = value.multipliedReportingOverflow(by: 10)
      let (next, underflow) = tenfold.subtractingReportingOverflow(
        Int(bytes[place] - UInt8(ascii: "0")))
      if overflow || underflow { return nil }
      value = next
    }
    return isNegative ? value : (value == .min ? nil : -value)
  }
}
