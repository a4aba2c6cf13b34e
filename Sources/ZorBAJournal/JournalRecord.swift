import ZorBADiagnostics
package import ZorBAOptimization

/// What stands in a journal after its header.
package enum JournalRecord: Sendable, Equatable {
  case round(CommittedRound)
  /// The head of a round whose changes follow.
  case dense(DenseRound)
  case denseChunk(DenseChunk)
  case plan(PlanRecord)
  case digest(DigestCheckpoint)
  case branch(BranchMarker)
  case end(EndMarker)
  /// A record that does not change the model, such as a signature: types 128 ... 255. A reader that
  /// does not know its type skips it.
  case ancillary(type: UInt8, payload: [UInt8])

  static let headerType: UInt8 = 1

  /// The type byte in the file.
  package var type: UInt8 {
    switch self {
    case .round: 2
    case .plan(let plan): plan.window == 1 ? 3 : 7
    case .digest: 4
    case .branch: 5
    case .end: 6
    case .dense: 8
    case .denseChunk: 9
    case .ancillary(let type, _): type
    }
  }

  /// The bytes in the file, without framing.
  package var payload: [UInt8] {
    switch self {
    case .round(let round): round.encoded
    case .plan(let plan): plan.encoded
    case .digest(let digest): digest.encoded
    case .branch(let branch): branch.encoded
    case .end(let end): end.encoded
    case .dense(let round): round.encoded
    case .denseChunk(let chunk): chunk.encoded
    case .ancillary(_, let payload): payload
    }
  }

  /// Decodes a payload by its type.
  ///
  /// - Throws: `ZorBAError` with code `invalidJournal` saying what is wrong with the record.
  package init(type: UInt8, payload: [UInt8]) throws {
    switch type {
    case 2: self = .round(try CommittedRound(encoded: payload))
    case 3: self = .plan(try PlanRecord(encoded: payload, hasWindow: false))
    case 4: self = .digest(try DigestCheckpoint(encoded: payload))
    case 5: self = .branch(try BranchMarker(encoded: payload))
    case 6: self = .end(try EndMarker(encoded: payload))
    case 7: self = .plan(try PlanRecord(encoded: payload, hasWindow: true))
    case 8: self = .dense(try DenseRound(encoded: payload))
    case 9: self = .denseChunk(try DenseChunk(encoded: payload))
    case 128...255: self = .ancillary(type: type, payload: payload)
    case Self.headerType: throw ByteReader.fault("a second header")
    default: throw ByteReader.fault("its type \(type) is unknown to this version")
    }
  }
}
