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

/// Builds the merge table of a merge list: the earlier a pair stands, the sooner it merges.
struct MergeListReader {
  private let file: ModelFile
  private let vocabulary: Vocabulary
  private var table: MergeTable
  private var rank: UInt32 = 0

  init(file: ModelFile, vocabulary: Vocabulary, count: Int) {
    self.file = file
    self.vocabulary = vocabulary
    table = MergeTable(entries: count)
  }

  /// Adds the next merge.
  ///
  /// - Throws: `ZorBAError` when a part or the result is no token.
  mutating func add(
    _ left: some Collection<UInt8>, _ right: some Collection<UInt8>, line: Int?
  ) throws {
    let spellings = [Array(left), Array(right), Array(left) + Array(right)]
    var ids: [Int32] = []
    for spelling in spellings {
      guard let id = vocabulary.index.find(spelling) else {
        let names = spellings.map { String(decoding: $0, as: UTF8.self) }
        throw file.invalid(
          "merges[\(rank)]",
          "'\(names[0])' and '\(names[1])' merge, but '\(String(decoding: spelling, as: UTF8.self))'"
            + " is not in the vocabulary", line: line)
      }
      ids.append(id)
    }
    table.set(ids[0], ids[1], .init(rank: rank, id: ids[2]))
    rank += 1
  }

  /// Adds a merge written as `left right`.
  mutating func add(pair: some Collection<UInt8>, line: Int?) throws {
    let parts = pair.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard parts.count == 2 else {
      throw file.invalid(
        "merges[\(rank)]",
        "'\(String(decoding: pair, as: UTF8.self))' is not two tokens with a space between",
        line: line)
    }
    try add(parts[0], parts[1], line: line)
  }

  func build() -> MergeTable { table }
}
