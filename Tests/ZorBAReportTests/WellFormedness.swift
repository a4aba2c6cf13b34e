import Foundation

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// What an independent XML parser found in a document.
final class WellFormedness: NSObject, XMLParserDelegate {
  private(set) var elements: [String: Int] = [:]
  private(set) var text = ""
  private(set) var attributeValues: [String] = []
  private(set) var identities: [String] = []
  private(set) var fault: String?

  /// Parses; `fault` is nil when the document is well-formed.
  init(of document: String) {
    super.init()
    let parser = XMLParser(data: Data(document.utf8))
    parser.delegate = self
    if !parser.parse() {
      let reason = parser.parserError.map { "\($0)" } ?? "not well-formed"
      fault = "line \(parser.lineNumber), column \(parser.columnNumber): \(reason)"
    }
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
    qualifiedName: String?, attributes: [String: String] = [:]
  ) {
    elements[name, default: 0] += 1
    attributeValues += attributes.values
    if let identity = attributes["id"] { identities.append(identity) }
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }
}
