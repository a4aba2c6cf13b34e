package import ZorBADiagnostics

extension Zorba_V1_UploadUpdateRequest: WireMessage {
  package func validate(within limits: WireLimits) throws(ZorBAError) {
    let check = MessageCheck("UploadUpdateRequest")
    switch kind {
    case .declaration(let declaration): try declaration.validate(within: limits)
    case .piece(let piece):
      try check.require(!piece.isEmpty, "piece", "an empty piece")
      try check.atMost(limits.maximumPieceBytes, bytes: piece.count, "piece")
    case nil: throw check.fault("", "none of the kinds that this version knows")
    }
  }
}

extension Zorba_V1_UpdateDeclaration {
  /// How large an update may be is the run's affair; here only what no update is.
  func validate(within limits: WireLimits) throws(ZorBAError) {
    let check = MessageCheck("UpdateDeclaration")
    try check.name(run, "run", within: limits)
    try check.round(round)
    try check.require(bytes > 0, "bytes", "an update of no bytes")
    try check.require(bytes <= 1 << 53, "bytes", "\(bytes) is beyond any update")
    try check.length(digest.count, of: [16], "digest")
    try check.require(offset <= bytes, "offset", "\(offset) lies beyond \(bytes) bytes")
  }
}

extension Zorba_V1_UploadUpdateResponse: WireMessage {
  package func validate(within limits: WireLimits) throws(ZorBAError) {
    try MessageCheck("UploadUpdateResponse").require(
      held <= 1 << 53, "held", "\(held) is beyond any update")
  }
}
