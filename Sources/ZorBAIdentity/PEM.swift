import SwiftASN1
import ZorBADiagnostics

/// PEM text: what lies in files and travels by mail.
enum PEM {
  static let certificate = "CERTIFICATE"
  static let request = "CERTIFICATE REQUEST"
  /// How some tools still name it.
  static let oldRequest = "NEW CERTIFICATE REQUEST"

  static func text(_ type: String, _ der: [UInt8]) -> String {
    PEMDocument(type: type, derBytes: der).pemString + "\n"
  }

  /// The contents of every block, all of which must be of one of these types.
  ///
  /// - Throws: `ZorBAError` with code `invalidData` naming the file.
  static func blocks(_ bytes: [UInt8], of types: String..., file: String?) throws -> [[UInt8]] {
    let documents: [PEMDocument]
    do {
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw ZorBAError(.invalidData, "it is not text")
      }
      documents = try PEMDocument.parseMultiple(pemString: text)
    } catch {
      throw ZorBAError(
        .invalidData, "this is no PEM file", at: .init(file: file),
        advice: "A PEM file has a line '-----BEGIN \(types[0])-----'.", cause: error)
    }
    for document in documents where !types.contains(document.discriminator) {
      throw ZorBAError(
        .invalidData,
        "the file holds a \(document.discriminator.excerpt()) where a \(types[0]) belongs",
        at: .init(file: file))
    }
    guard !documents.isEmpty else {
      throw ZorBAError(
        .invalidData, "the file holds no \(types[0])", at: .init(file: file),
        advice: "A PEM file has a line '-----BEGIN \(types[0])-----'.")
    }
    return documents.map(\.derBytes)
  }
}
