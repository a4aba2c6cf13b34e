import X509
import ZorBADiagnostics

/// The one URI among a certificate's or request's subject alternative names.
enum SubjectURI {
  /// - Throws: `ZorBAError` with code `invalidData` when there is none, or more than one.
  static func only(of extensions: Certificate.Extensions) throws -> String {
    let names: SubjectAlternativeNames?
    do {
      names = try extensions.subjectAlternativeNames
    } catch {
      throw ZorBAError(
        .invalidData, "the subject alternative names cannot be read", cause: error)
    }
    var uris: [String] = []
    for case .uniformResourceIdentifier(let uri) in names ?? SubjectAlternativeNames() {
      uris.append(uri)
    }
    guard let uri = uris.first else {
      throw ZorBAError(.invalidData, "it names no URI, so nobody knows whose it is")
    }
    guard uris.count == 1 else {
      throw ZorBAError(
        .invalidData,
        "it names \(uris.count) URIs, '\(uri.excerpt())' and '\(uris[1].excerpt())' among them")
    }
    return uri
  }
}
