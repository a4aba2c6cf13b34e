import ZorBADiagnostics

/// What a run may be called: the name goes into paths, logs and messages.
package enum RunNames {
  /// - Throws: `ZorBAError` with code `invalidConfiguration`.
  package static func check(_ name: String) throws {
    let isPlain = name.utf8.allSatisfy { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
        || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }
    guard isPlain, !name.isEmpty, name.utf8.count <= 63, !name.hasPrefix(".") else {
      throw ZorBAError(
        .invalidConfiguration, "'\(name.excerpt())' cannot be a run's name",
        at: .init(field: "name"),
        advice: "Use up to 63 letters, digits, '.', '_' and '-', not beginning with a dot.")
    }
  }
}
