import ZorBADiagnostics
import ZorBAJSON

/// Collects the tokens of a model and checks that ids and spellings match one to one.
struct VocabularyBuilder {
  private let file: ModelFile
  private var tokens: [(spelling: [UInt8], id: Int)] = []
  private var index: ByteStringIndex

  init(file: ModelFile, expecting count: Int) {
    self.file = file
    index = ByteStringIndex(entries: count)
  }

  /// Adds the members of a `{token: id}` object.
  mutating func add(_ members: JSONObject, at field: String) throws {
    for member in members.members {
      guard let id = member.value.integer else {
        throw file.invalid(
          field, "the id of token '\(member.key)' is \(member.value.kind)", line: member.line)
      }
      try add(Array(member.key.utf8), id: id, at: field, line: member.line)
    }
  }

  /// Adds a token.
  ///
  /// - Throws: `ZorBAError` for a repeated spelling or an id that is negative or out of any range.
  mutating func add(_ spelling: [UInt8], id: Int, at field: String, line: Int? = nil) throws {
    guard let narrow = Int32(exactly: id), narrow >= 0, narrow < Int32.max / 4 else {
      throw file.invalid(field, "token id \(id) is out of range", line: line)
    }
    guard index.insert(spelling, id: narrow) else {
      throw file.invalid(
        field, "token '\(String(decoding: spelling, as: UTF8.self))' appears twice", line: line)
    }
    tokens.append((spelling, id))
  }

  /// The id of a token that has been added.
  func id(of spelling: [UInt8]) -> Int32? { index.find(spelling) }

  /// Builds the vocabulary.
  ///
  /// - Throws: `ZorBAError` when two tokens share an id, or ids are so sparse that the file must be
  ///   damaged: memory stays proportional to the number of tokens.
  func build() throws -> Vocabulary {
    guard let greatest = tokens.lazy.map(\.id).max() else {
      throw file.invalid(nil, "the vocabulary is empty")
    }
    guard greatest < 4 * tokens.count + 65_536 else {
      throw file.invalid(nil, "token id \(greatest) is out of range of \(tokens.count) tokens")
    }
    var tokensByID = [[UInt8]?](repeating: nil, count: greatest + 1)
    for token in tokens {
      if let other = tokensByID[token.id] {
        let names = [other, token.spelling].map { "'\(String(decoding: $0, as: UTF8.self))'" }
        throw file.invalid(nil, "tokens \(names[0]) and \(names[1]) share id \(token.id)")
      }
      tokensByID[token.id] = token.spelling
    }
    return Vocabulary(tokensByID: tokensByID)
  }
}
