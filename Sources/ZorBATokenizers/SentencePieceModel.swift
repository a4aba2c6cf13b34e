import ZorBADiagnostics

/// The layout of a SentencePiece `tokenizer.model`: a protocol buffer with scored pieces.
///
/// Supported is model type BPE with byte fallback and any normalization rule that is compiled into
/// the model. Field numbers are those of `sentencepiece_model.proto`.
struct SentencePieceModel {
  private let file: ModelFile

  init(_ file: ModelFile) { self.file = file }

  struct Piece {
    enum Kind: Int32 { case normal = 1, unknown, control, userDefined, unused, byte }

    var spelling: [UInt8] = []
    var score: Float = 0
    var kind = Kind.normal
  }

  private struct Content {
    var pieces: [Piece] = []
    var modelType: Int32 = 1
    var fallsBackToBytes = false
    var suffixesSpaces = false
    var unknownID: Int32 = 0
    var bosID: Int32 = 1
    var eosID: Int32 = 2
    var padID: Int32 = -1
    var unknownSurface = Array(" ⁇ ".utf8)
    var normalizer = SentencePieceNormalizer()
  }

  /// Real pieces have at most a few dozen bytes; the work of preparing one is quadratic.
  private static let maximumPieceLength = 1024

  /// Reads the file.
  ///
  /// - Parameter configuration: Says what stands around a sequence, and adds tokens.
  func parts(_ configuration: TokenizerConfiguration) throws -> Tokenizer.Parts {
    let content = try parse(try file.read())
    try check(content)
    var builder = VocabularyBuilder(file: file, expecting: content.pieces.count)
    for (id, piece) in content.pieces.enumerated() {
      try builder.add(piece.spelling, id: id, at: "pieces[\(id)]")
    }
    var added = try configuration.addTokens(to: &builder)
    let vocabulary = try builder.build()
    var surfaces: [Int32: [UInt8]] = [content.unknownID: content.unknownSurface]
    var special = Set(added.map(\.id))
    for (index, piece) in content.pieces.enumerated() {
      let id = Int32(truncatingIfNeeded: index)
      switch piece.kind {
      case .userDefined where special.insert(id).inserted:
        added.append(
          AddedToken(content: piece.spelling, id: id, isSpecial: false, isNormalized: true))
      case .control where special.insert(id).inserted:
        // Never found in a text, and left out when decoding.
        added.append(AddedToken(content: [], id: id))
      case .unknown where special.contains(id): surfaces[id] = nil
      default: break
      }
    }
    var roles = configuration.roles
    let name = { (id: Int32) in vocabulary.token(of: id) }
    roles.bos = roles.bos ?? name(content.bosID)
    roles.eos = roles.eos ?? name(content.eosID)
    roles.pad = roles.pad ?? name(content.padID)
    roles.unknown = roles.unknown ?? name(content.unknownID)
    var normalizer = content.normalizer
    normalizer.prefixesOnlyStart = !configuration.isLegacy
    return Tokenizer.Parts(
      vocabulary: vocabulary,
      // User-defined pieces are matched as they are spelled.
      addedTokens: AddedTokens(added, normalizer: Normalizer()),
      normalizer: Normalizer(steps: [.sentencePiece(normalizer)]),
      model: .sentencePiece(try algorithm(content, vocabulary)),
      template: Template(
        prefix: configuration.addsBOS ?? true ? roles.bos.id(in: vocabulary) : [],
        suffix: configuration.addsEOS ?? false ? roles.eos.id(in: vocabulary) : []),
      decoder: Decoder(
        rule: .replacing([
          .init(pattern: SentencePieceNormalizer.visibleSpace, content: [UInt8(ascii: " ")])
        ]), byteRuns: content.fallsBackToBytes ? .byCharacter : .none,
        leadingStrip: content.normalizer.addsDummyPrefix || content.normalizer.removesExtraSpaces
          ? .mark(
            SentencePieceNormalizer.visibleSpace,
            everyToken: content.normalizer.removesExtraSpaces) : nil,
        vocabulary: vocabulary, overrides: surfaces), roles: roles)
  }

  private func check(_ content: Content) throws {
    guard !content.pieces.isEmpty else { throw file.invalid("pieces", "the model has no pieces") }
    guard content.modelType == 2 else {
      let names: [Int32: String] = [1: "UNIGRAM", 3: "WORD", 4: "CHAR"]
      throw file.unsupported(
        "trainer_spec.model_type", names[content.modelType] ?? "\(content.modelType)",
        supported: "BPE")
    }
    if content.suffixesSpaces {
      throw file.unsupported(
        "trainer_spec.treat_whitespace_as_suffix", "true", supported: "false")
    }
    for (id, piece) in content.pieces.enumerated() {
      if piece.kind == .unused {
        throw file.unsupported("pieces[\(id)].type", "UNUSED", supported: "the other types")
      }
      guard piece.score.isFinite, !piece.spelling.isEmpty,
        piece.spelling.count <= Self.maximumPieceLength,
        String(validating: piece.spelling, as: UTF8.self) != nil
      else {
        throw file.invalid(
          "pieces[\(id)]",
          "'\(String(decoding: piece.spelling.prefix(40), as: UTF8.self))' with"
            + " score \(piece.score) is not a piece")
      }
    }
    let unknown = Int(content.unknownID)
    guard content.pieces.indices.contains(unknown), content.pieces[unknown].kind == .unknown,
      content.pieces.count(where: { $0.kind == .unknown }) == 1
    else {
      throw file.invalid("trainer_spec.unk_id", "piece \(unknown) is not the one unknown piece")
    }
  }

  /// Turns scores into merges: any two neighbours whose concatenation is a piece merge into it, the
  /// piece of the greatest score first.
  private func algorithm(_ content: Content, _ vocabulary: Vocabulary) throws -> SentencePieceBPE {
    var symbols = ByteStringIndex(entries: content.pieces.count)
    var characters = ByteStringIndex()
    var byteIDs = [Int32](repeating: -1, count: 256)
    for (index, piece) in content.pieces.enumerated() {
      let id = Int32(truncatingIfNeeded: index)
      switch piece.kind {
      case .normal, .userDefined:
        _ = symbols.insert(piece.spelling, id: id)
        if Self.characterLengths(of: piece.spelling).count == 1 {
          _ = characters.insert(piece.spelling, id: id)
        }
      case .byte:
        guard let byte = Decoder.byteValue(of: piece.spelling) else {
          throw file.invalid("pieces[\(index)]", "a byte piece must be spelled <0xNN>")
        }
        byteIDs[Int(byte)] = id
      case .unknown, .control, .unused: break
      }
    }
    if content.fallsBackToBytes, byteIDs.contains(-1) {
      throw file.invalid("trainer_spec.byte_fallback", "not every byte has a piece")
    }

    let firstPartial = Int32(truncatingIfNeeded: content.pieces.count)
    var partials: [[UInt8]] = []
    var splits = 0
    for piece in content.pieces where piece.kind == .normal {
      var start = 0
      for length in Self.characterLengths(of: piece.spelling) {
        let character = Array(piece.spelling[start..<start + length])
        let id = firstPartial + Int32(truncatingIfNeeded: partials.count)
        if symbols.insert(character, id: id) {
          _ = characters.insert(character, id: id)
          partials.append(character)
        }
        start += length
        splits += 1
      }
    }

    let scores = Set(content.pieces.lazy.filter { $0.kind == .normal }.map(\.score)).sorted(by: >)
    let ranks = Dictionary(
      uniqueKeysWithValues: scores.enumerated().map { ($1, UInt32(truncatingIfNeeded: $0)) })
    var merges = MergeTable(entries: splits)
    for (index, piece) in content.pieces.enumerated() where piece.kind == .normal {
      guard let rank = ranks[piece.score] else { continue }
      let id = Int32(truncatingIfNeeded: index)
      piece.spelling.withUnsafeBufferPointer { spelling in
        var cut = 0
        for length in Self.characterLengths(of: piece.spelling).dropLast() {
          cut += length
          if let left = symbols.find(.init(rebasing: spelling[..<cut])),
            let right = symbols.find(.init(rebasing: spelling[cut...]))
          {
            merges.set(left, right, .init(rank: rank, id: id))
          }
        }
      }
    }
    return SentencePieceBPE(
      vocabulary: vocabulary, characters: characters, merges: merges,
      fallback: .init(
        byteIDs: content.fallsBackToBytes ? byteIDs : nil, unknownID: content.unknownID,
        fusesUnknown: true), firstPartial: firstPartial, partials: partials)
  }

  /// The lengths in bytes of the characters of valid UTF-8.
  private static func characterLengths(of text: [UInt8]) -> [Int] {
    text.withUnsafeBufferPointer { text in
      var lengths: [Int] = []
      var position = 0
      while position < text.count {
        let length = UTF8Text.scalar(in: text, at: position).length
        lengths.append(length)
        position += length
      }
      return lengths
    }
  }
}

// MARK: - Parsing

extension SentencePieceModel {
  private func parse(_ bytes: [UInt8]) throws -> Content {
    var content = Content()
    do {
      var reader = ProtobufReader(bytes[...])
      while let (number, value) = try reader.next() {
        switch number {
        case 1: content.pieces.append(try piece(try message(value)))
        case 2: try trainer(try message(value), into: &content)
        case 3: try normalizer(try message(value), into: &content.normalizer)
        default: break
        }
      }
    } catch let error as ProtobufReader.Malformed {
      throw file.invalid(nil, "not a SentencePiece model: malformed at byte \(error.offset)")
    }
    return content
  }

  private func message(_ value: ProtobufReader.Value) throws -> ArraySlice<UInt8> {
    guard let bytes = value.bytes else {
      throw file.invalid(nil, "not a SentencePiece model: a section has the wrong type")
    }
    return bytes
  }

  private func piece(_ bytes: ArraySlice<UInt8>) throws -> Piece {
    var piece = Piece()
    var reader = ProtobufReader(bytes)
    while let (number, value) = try reader.next() {
      switch number {
      case 1: piece.spelling = Array(try message(value))
      case 2: piece.score = value.float ?? .nan
      case 3:
        guard let kind = value.int32.flatMap(Piece.Kind.init) else {
          throw file.invalid("pieces", "the type of a piece is unknown")
        }
        piece.kind = kind
      default: break
      }
    }
    return piece
  }

  private func trainer(_ bytes: ArraySlice<UInt8>, into content: inout Content) throws {
    var reader = ProtobufReader(bytes)
    while let (number, value) = try reader.next() {
      switch number {
      case 3: content.modelType = value.int32 ?? content.modelType
      case 24: content.suffixesSpaces = value.bool ?? false
      case 35: content.fallsBackToBytes = value.bool ?? false
      case 40: content.unknownID = value.int32 ?? content.unknownID
      case 41: content.bosID = value.int32 ?? content.bosID
      case 42: content.eosID = value.int32 ?? content.eosID
      case 43: content.padID = value.int32 ?? content.padID
      case 44: content.unknownSurface = Array(value.bytes ?? [])
      default: break
      }
    }
  }

  private func normalizer(
    _ bytes: ArraySlice<UInt8>, into normalizer: inout SentencePieceNormalizer
  ) throws {
    var reader = ProtobufReader(bytes)
    while let (number, value) = try reader.next() {
      switch number {
      case 2:
        guard let blob = value.bytes, !blob.isEmpty else { continue }
        guard let map = SentencePieceNormalizer.CharacterMap(blob) else {
          throw file.invalid("normalizer_spec.precompiled_charsmap", "the map is damaged")
        }
        normalizer.map = map
      case 3: normalizer.addsDummyPrefix = value.bool ?? true
      case 4: normalizer.removesExtraSpaces = value.bool ?? true
      case 5: normalizer.escapesSpaces = value.bool ?? true
      default: break
      }
    }
  }
}
