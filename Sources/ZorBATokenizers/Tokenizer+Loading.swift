import ZorBADiagnostics

extension Tokenizer {
  /// Loads the tokenizer of a model directory.
  ///
  /// The first of these that exists decides: `tokenizer.json`; `vocab.json` with `merges.txt`;
  /// `tokenizer.model` (SentencePiece). The configuration files beside it name the special tokens.
  /// The `truncation` and `padding` sections of a `tokenizer.json` describe a training script and
  /// are not applied.
  ///
  /// - Throws: `ZorBAError` with code `unsupportedModel` for what is not implemented, naming file,
  ///   key and value; `invalidModel` for a damaged file; `inputOutput` when there is none to read.
  package static func load(directory: String) throws -> Tokenizer {
    let whole = ModelFile(path: "\(directory)/tokenizer.json")
    let vocabulary = ModelFile(path: "\(directory)/vocab.json")
    let merges = ModelFile(path: "\(directory)/merges.txt")
    let pieces = ModelFile(path: "\(directory)/tokenizer.model")
    let configuration = try TokenizerConfiguration(directory: directory)
    if ModelFile.exists(whole.path) {
      return Tokenizer(try TokenizerJSON(whole).parts(configuration))
    }
    if ModelFile.exists(vocabulary.path), ModelFile.exists(merges.path) {
      return Tokenizer(
        try VocabularyAndMerges(vocabulary: vocabulary, merges: merges).parts(configuration))
    }
    if ModelFile.exists(pieces.path) {
      return Tokenizer(try SentencePieceModel(pieces).parts(configuration))
    }
    throw ZorBAError(
      .inputOutput, "the directory has no tokenizer", at: .init(file: directory),
      advice: "Put tokenizer.json, vocab.json and merges.txt, or tokenizer.model there.")
  }
}
