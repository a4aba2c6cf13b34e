import ZorBADiagnostics
import ZorBAJSON

/// The layout of `vocab.json` and `merges.txt`: GPT-2, OPT, Qwen2 and their kin.
///
/// The two files do not say how text is normalized and split. That follows from the tokenizer class
/// in `tokenizer_config.json` or the model type in `config.json`; without either, GPT-2 is assumed.
struct VocabularyAndMerges {
  private enum Family { case gpt2, opt, qwen2, roberta }

  private let vocabularyFile: ModelFile
  private let mergesFile: ModelFile

  init(vocabulary: ModelFile, merges: ModelFile) {
    vocabularyFile = vocabulary
    mergesFile = merges
  }

  /// Reads both files.
  func parts(_ given: TokenizerConfiguration) throws -> Tokenizer.Parts {
    var configuration = given
    let entries = try vocabularyFile.readObject()
    var builder = VocabularyBuilder(file: vocabularyFile, expecting: entries.members.count)
    try builder.add(entries, at: "vocabulary")
    let family = try family(configuration, builder)
    switch family {
    case .gpt2 where builder.id(of: Array("<|endoftext|>".utf8)) != nil:
      configuration.assume(\.bos, "<|endoftext|>")
      configuration.assume(\.eos, "<|endoftext|>")
    case .opt:
      configuration.assume(\.bos, "</s>")
      configuration.assume(\.eos, "</s>")
      configuration.assume(\.pad, "<pad>")
    case .roberta:
      configuration.assume(\.cls, "<s>")
      configuration.assume(\.separator, "</s>")
      configuration.assume(\.pad, "<pad>")
      configuration.assume(\.mask, "<mask>")
    default: break
    }
    let added = try configuration.addTokens(to: &builder)
    let vocabulary = try builder.build()
    let isQwen = family == .qwen2
    let normalizer = Normalizer(steps: isQwen ? [.composed] : [])
    var steps: [PreTokenizer.Step] = [.split(isQwen ? .cl100k(digits: 1) : .gpt2)]
    if configuration.addsPrefixSpace { steps.insert(.prefixSpace, at: 0) }
    let model = ByteLevelBPE(
      vocabulary: vocabulary, excluding: added.filter { entries[$0.spelling] == nil }.map(\.id),
      merges: try merges(for: vocabulary), ignoresMerges: false, unknownID: nil,
      fusesUnknown: false)
    let roles = configuration.roles
    let template =
      family == .roberta
      ? Template(
        prefix: roles.cls.id(in: vocabulary), suffix: roles.separator.id(in: vocabulary))
      : Template(
        prefix: configuration.addsBOS ?? (family == .opt) ? roles.bos.id(in: vocabulary) : [],
        suffix: configuration.addsEOS ?? false ? roles.eos.id(in: vocabulary) : [])
    return Tokenizer.Parts(
      vocabulary: vocabulary, addedTokens: AddedTokens(added, normalizer: normalizer),
      normalizer: normalizer, preTokenizer: PreTokenizer(steps: steps), model: .byteLevel(model),
      template: template, decoder: Decoder(rule: .byteLevel, vocabulary: vocabulary), roles: roles)
  }

  private func family(
    _ configuration: TokenizerConfiguration, _ vocabulary: VocabularyBuilder
  ) throws -> Family {
    let source = configuration.source ?? vocabularyFile
    let isOPTLayout = ["<s>", "<pad>", "</s>"].enumerated().allSatisfy {
      vocabulary.id(of: Array($1.utf8)).map(Int.init) == $0
    }
    switch configuration.tokenizerClass {
    case "Qwen2Tokenizer", "Qwen2TokenizerFast": return .qwen2
    case "RobertaTokenizer", "RobertaTokenizerFast": return .roberta
    case "GPT2Tokenizer", "GPT2TokenizerFast":
      return configuration.modelType == "opt" || isOPTLayout ? .opt : .gpt2
    case nil: break
    case let name?:
      throw source.unsupported(
        "tokenizer_class", name,
        supported:
          "GPT2Tokenizer, Qwen2Tokenizer and RobertaTokenizer beside vocab.json and merges.txt")
    }
    switch configuration.modelType {
    case "qwen2", "qwen3": return .qwen2
    case "opt": return .opt
    case "gpt2": return .gpt2
    case "roberta": return .roberta
    case nil: return isOPTLayout ? .opt : .gpt2
    case let name?:
      throw source.unsupported(
        "model_type", name,
        supported: "gpt2, opt, qwen2, qwen3 and roberta with merges.txt")
    }
  }

  /// One merge a line; the first line may be a version.
  private func merges(for vocabulary: Vocabulary) throws -> MergeTable {
    let content = try mergesFile.read()
    guard String(validating: content, as: UTF8.self) != nil else {
      throw mergesFile.invalid(nil, "the file is not UTF-8")
    }
    let lineFeed = UInt8(ascii: "\n")
    let count = content.count { $0 == lineFeed } + 1
    var reader = MergeListReader(file: mergesFile, vocabulary: vocabulary, count: count)
    try content.withUnsafeBufferPointer { content in
      var number = 1
      var start = 0
      while start < content.count {
        let end = content[start...].firstIndex(of: lineFeed) ?? content.count
        var line = content[start..<end]
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        if !line.isEmpty, !line.starts(with: "#version".utf8) {
          try reader.add(pair: UTF8Text.Bytes(rebasing: line), line: number)
        }
        start = end + 1
        number += 1
      }
    }
    return reader.build()
  }
}

extension AddedToken {
  var spelling: String { String(decoding: content, as: UTF8.self) }
}

extension String? {
  /// The id of a token with a role as a list of at most one.
  func id(in vocabulary: Vocabulary) -> [Int32] {
    flatMap { vocabulary.id(of: $0) }.map { [$0] } ?? []
  }
}
