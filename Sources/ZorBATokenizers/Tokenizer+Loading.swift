import ZorBADiagnostics

extension Tokenizer {
  /// Loads the tokenizer of a model directory.
  ///
  /// The first of these that exists decides: `tokenizer.json`; `vocab.json` with `merges.txt`;
  /// `tokenizer.model` (SentencePiece); `vocab.txt` (WordPiece). The configuration files beside it name the special tokens.
  /// The `truncation` and `padding` sections of a `tokenizer.json` describe a training script and
  /// are not applied.
  ///
  /// - Throws: `ZorBAError` with code `unsupportedModel` for what is not implemented, naming file,
  ///   key and value; `invalidModel` for a damaged file; `inputOutput` when there is none to read.
  package static func load(directory: String) throws -> Tokenizer {
    try load(ModelFolder(path: directory))
  }

  /// Loads a tokenizer from files in memory, such as those of a bundled model.
  ///
  /// - Parameters:
  ///   - files: Contents by the names that the files have in a model directory.
  ///   - name: What to call the directory in errors.
  /// - Throws: As `load(directory:)`.
  package static func load(files: [String: [UInt8]], named name: String) throws -> Tokenizer {
    try load(ModelFolder(path: name, contents: files))
  }

  private static func load(_ folder: ModelFolder) throws -> Tokenizer {
    let configuration = try TokenizerConfiguration(folder)
    if let file = folder.file("tokenizer.json") {
      return Tokenizer(try TokenizerJSON(file).parts(configuration))
    }
    if let vocabulary = folder.file("vocab.json"), let merges = folder.file("merges.txt") {
      return Tokenizer(
        try VocabularyAndMerges(vocabulary: vocabulary, merges: merges).parts(configuration))
    }
    if let file = folder.file("tokenizer.model") {
      return Tokenizer(try SentencePieceModel(file).parts(configuration))
    }
    if let file = folder.file("vocab.txt") {
      return Tokenizer(try VocabularyText(file).parts(configuration))
    }
    throw ZorBAError(
      .inputOutput, "the directory has no tokenizer", at: .init(file: folder.path),
      advice: "Put tokenizer.json, vocab.json and merges.txt, tokenizer.model, or vocab.txt there.")
  }
}
