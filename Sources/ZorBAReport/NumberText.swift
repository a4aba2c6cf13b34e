/// Numbers as people read them, the same on every machine and in every locale.
enum NumberText {
  /// A number with exactly `digits` decimals, rounded half to even on its decimal expansion's scaled value; huge
  /// and non-finite numbers get their shortest form.
  static func fixed(_ value: Double, digits: Int) -> String {
    guard value.isFinite else { return nonFinite(value) }
    let places = min(max(digits, 0), 15)
    let scale = PowerOfTen.value(places)
    let scaled = (value * scale).rounded(.toNearestOrEven)
    guard scaled.magnitude < 0x1p53, let whole = Int64(exactly: scaled) else { return "\(value)" }
    var text = String(whole.magnitude)
    if places > 0 {
      if text.utf8.count <= places {
        text = String(repeating: "0", count: places + 1 - text.utf8.count) + text
      }
      text.insert(".", at: text.index(text.endIndex, offsetBy: -places))
    }
    return whole < 0 ? "\u{2212}" + text : text
  }

  /// About `digits` significant digits; powers of ten for the very large and very small.
  static func significant(_ value: Double, digits: Int = 3) -> String {
    guard value.isFinite else { return nonFinite(value) }
    guard value != 0 else { return "0" }
    let exponent = PowerOfTen.exponent(of: value.magnitude)
    if exponent >= 6 || exponent < -4 {
      let mantissa = trimmed(fixed(value / PowerOfTen.value(exponent), digits: digits - 1))
      // 9.9996 rounds to the next power of ten.
      guard mantissa == "10" || mantissa == "\u{2212}10" else { return mantissa + "e\(exponent)" }
      return mantissa.dropLast() + "e\(exponent + 1)"
    }
    return trimmed(fixed(value, digits: max(0, digits - 1 - exponent)))
  }

  /// A whole number with thin groups of three: 12 345.
  static func grouped(_ value: Int) -> String {
    let digits = String(value.magnitude)
    var text = ""
    for (offset, digit) in digits.enumerated() {
      if offset > 0, (digits.count - offset) % 3 == 0 { text += "\u{202F}" }
      text.append(digit)
    }
    return value < 0 ? "\u{2212}" + text : text
  }

  /// Bytes in binary units: 512 B, 3.4 KiB, 1.2 GiB.
  static func bytes(_ value: Double) -> String {
    guard value.isFinite else { return nonFinite(value) }
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    var amount = value
    var unit = 0
    while amount.magnitude >= 1023.95, unit + 1 < units.count {
      amount /= 1024
      unit += 1
    }
    let digits =
      unit == 0 ? (amount == amount.rounded() ? 0 : 1) : (amount.magnitude < 99.95 ? 1 : 0)
    return fixed(amount, digits: digits) + " " + units[unit]
  }

  /// Bytes in binary units with three significant digits: 523 MiB, 2.73 GiB.
  static func fineBytes(_ value: Double) -> String {
    guard value.isFinite, value.magnitude >= 1024 else { return bytes(value) }
    var amount = value
    for unit in ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] {
      if amount.magnitude < 999.5 {
        let digits = amount.magnitude < 9.995 ? 2 : amount.magnitude < 99.95 ? 1 : 0
        return fixed(amount, digits: digits) + " " + unit
      }
      amount /= 1024
    }
    return bytes(value)
  }

  /// A share of 0 … 1 in percent.
  static func percent(_ share: Double, digits: Int = 1) -> String {
    share.isFinite ? fixed(share * 100, digits: digits) + " %" : nonFinite(share)
  }

  /// A span of time: 0.42 s, 12.3 s, 3 min 20 s, 2 h 5 min.
  static func seconds(_ value: Double) -> String {
    guard value.isFinite else { return nonFinite(value) }
    if value.magnitude < 59.95 {
      return fixed(value, digits: value.magnitude < 9.995 ? 2 : 1) + " s"
    }
    guard value > 0, value < 1e12 else { return significant(value) + " s" }
    let whole = Int(value.rounded())
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(grouped(whole / 3600)) h \(whole % 3600 / 60) min"
  }

  /// A coordinate of a drawing: at most two decimals, ASCII minus, kept within what viewers can draw.
  static func coordinate(_ value: Double) -> String {
    guard value.isFinite else { return "0" }
    let hundredths = Int((min(max(value, -1e6), 1e6) * 100).rounded())
    let (whole, rest) = hundredths.magnitude.quotientAndRemainder(dividingBy: 100)
    let sign = hundredths < 0 ? "-" : ""
    if rest == 0 { return "\(sign)\(whole)" }
    if rest % 10 == 0 { return "\(sign)\(whole).\(rest / 10)" }
    return "\(sign)\(whole)." + (rest < 10 ? "0\(rest)" : "\(rest)")
  }

  private static func nonFinite(_ value: Double) -> String {
    if value.isNaN { return "not a number" }
    return value < 0 ? "\u{2212}\u{221E}" : "\u{221E}"
  }

  /// Without trailing zeros behind a decimal point.
  private static func trimmed(_ text: String) -> String {
    guard text.contains(".") else { return text }
    var text = text
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
  }
}
