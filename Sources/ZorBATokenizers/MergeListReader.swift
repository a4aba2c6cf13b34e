import ZorBADiagnostics

/// Builds the merge table of a merge list: the earlier a pair stands, the sooner it merges.
struct MergeListReader {
  private let file: ModelFile
  private let vocabulary: Vocabulary
  private var table: MergeTable
  private var rank: UInt32 = 0
  private var result: [UInt8] = []  // Kept for its storage: lists are long.

  init(file: ModelFile, vocabulary: Vocabulary, count: Int) {
    self.file = file
    self.vocabulary = vocabulary
    table = MergeTable(entries: count)
  }

  /// Adds the next merge.
  ///
  /// - Throws: `ZorBAError` when a part or the result is no token.
  mutating func add(_ left: UTF8Text.Bytes, _ right: UTF8Text.Bytes, line: Int?) throws {
    result.removeAll(keepingCapacity: true)
    result.append(contentsOf: left)
    result.append(contentsOf: right)
    guard let leftID = vocabulary.index.find(left), let rightID = vocabulary.index.find(right),
      let id = vocabulary.index.find(result)
    else {
      let names = [left, right].map { "'\(String(decoding: $0, as: UTF8.self))'" }
      throw file.invalid(
        "merges[\(rank)]",
        "\(names[0]) and \(names[1]) merge, but one of them or the result is not in the vocabulary",
        line: line)
    }
    table.set(leftID, rightID, .init(rank: rank, id: id))
    rank += 1
  }

  /// Adds a merge written as `left right`.
  mutating func add(pair: UTF8Text.Bytes, line: Int?) throws {
    let space = UInt8(ascii: " ")
    guard let cut = pair.firstIndex(of: space), pair.lastIndex(of: space) == cut else {
      throw file.invalid(
        "merges[\(rank)]",
        "'\(String(decoding: pair, as: UTF8.self))' is not two tokens with a space between",
        line: line)
    }
    try add(
      UTF8Text.Bytes(rebasing: pair[..<cut]), UTF8Text.Bytes(rebasing: pair[(cut + 1)...]),
      line: line)
  }

  func build() -> MergeTable { table }
}
