import ZorBADiagnostics

/// The layout of a lone `vocab.txt`: BERT's WordPiece vocabulary, a token a line, numbered by line.
///
/// How text is normalized stands in `tokenizer_config.json`; without it, it is lower-cased.
struct VocabularyText {
  private let file: ModelFile

  init(_ file: ModelFile) { self.file = file }

  /// Reads the file.
  func parts(_ given: TokenizerConfiguration) throws -> Tokenizer.Parts {
    if let name = given.tokenizerClass,
      !["BertTokenizer", "BertTokenizerFast", "DistilBertTokenizer", "DistilBertTokenizerFast"]
        .contains(name)
    {
      throw (given.source ?? file).unsupported(
        "tokenizer_class", name, supported: "BertTokenizer beside vocab.txt")
    }
    var configuration = given
    configuration.assume(\.unknown, "[UNK]")
    configuration.assume(\.pad, "[PAD]")
    configuration.assume(\.cls, "[CLS]")
    configuration.assume(\.separator, "[SEP]")
    configuration.assume(\.mask, "[MASK]")
    var builder = try vocabulary()
    let listed = try builder.build()
    let added = try configuration.addTokens(to: &builder)
    let vocabulary = try builder.build()
    let roles = configuration.roles
    func required(_ name: String?) throws -> Int32 {
      guard let name, let id = vocabulary.id(of: name) else {
        throw file.invalid(nil, "the token '\((name ?? "").prefix(40))' is not in the vocabulary")
      }
      return id
    }
    let lowercases = configuration.lowercases ?? true
    let normalizer = Normalizer(
      steps: [
        .bert(
          BertNormalizer(
            spacesChineseCharacters: configuration.spacesChineseCharacters ?? true,
            stripsAccents: configuration.stripsAccents ?? lowercases, lowercases: lowercases))
      ])
    return Tokenizer.Parts(
      vocabulary: vocabulary, addedTokens: AddedTokens(added, normalizer: normalizer),
      normalizer: normalizer, preTokenizer: PreTokenizer(steps: [.bert]),
      model: .wordPiece(
        WordPiece(
          vocabulary: vocabulary, excluding: added.map(\.id).filter { !listed.contains($0) },
          continuation: Array("##".utf8), unknownID: try required(roles.unknown),
          maximumCharacters: 100)),
      template: Template(
        prefix: [try required(roles.cls)], suffix: [try required(roles.separator)]),
      decoder: Decoder(
        rule: .wordPiece(Array("##".utf8), cleansUp: true), separator: [], vocabulary: vocabulary),
      roles: roles)
  }

  private func vocabulary() throws -> VocabularyBuilder {
    let content = try file.read()
    guard String(validating: content, as: UTF8.self) != nil else {
      throw file.invalid(nil, "the file is not UTF-8")
    }
    let lines = content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    var builder = VocabularyBuilder(file: file, expecting: lines.count)
    for (index, line) in lines.enumerated() {
      var scalars = String(decoding: line, as: UTF8.self).unicodeScalars
      while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
      if scalars.isEmpty { continue }
      try builder.add(Array(String(scalars).utf8), id: index, at: "vocabulary", line: index + 1)
    }
    return builder
  }
}
