package import ZorBADiagnostics

extension Zorba_V1_SiteMessage: WireMessage {
  package func validate(within limits: WireLimits) throws(ZorBAError) {
    switch kind {
    case .hello(let message): try message.validate(within: limits)
    case .ready(let message): try message.validate(within: limits)
    case .result(let message): try message.validate(within: limits)
    case .evaluation(let message): try message.validate(within: limits)
    case .declined(let message):
      // A cause that this version does not know is none: it says no less that there is no answer.
      try MessageCheck("Declined").round(message.round)
    case .stateDigest(let message):
      let check = MessageCheck("StateDigest")
      try check.round(message.round)
      try check.atMost(limits.maximumPackedBytes, bytes: message.digests.count, "digests")
      try check.require(
        !message.digests.isEmpty && message.digests.count.isMultiple(of: 16), "digests",
        "\(message.digests.count) bytes, not 16 a block")
    case .heartbeat: break
    case .leaving(let message):
      try MessageCheck("Leaving").text(message.reason, "reason", within: limits)
    case .secureAggregation(let message): try message.validate(within: limits)
    case nil:
      throw MessageCheck("SiteMessage").fault("", "none of the kinds that this version knows")
    }
  }
}

extension Zorba_V1_Hello {
  func validate(within limits: WireLimits) throws(ZorBAError) {
    let check = MessageCheck("Hello")
    try check.name(run, "run", orEmpty: true, within: limits)
    try check.require(
      protocolMinimum > 0 && protocolMinimum <= protocolMaximum, "protocol_minimum",
      "versions \(protocolMinimum) to \(protocolMaximum)")
    try check.text(software, "software", within: limits)
    try check.length(journalChain.count, of: [0, 16], "journal_chain")
    try check.require(
      journalBytes == 0 || !journalChain.isEmpty, "journal_chain",
      "none for a journal of \(journalBytes) bytes")
    try check.require(
      journalBytes <= 1 << 53, "journal_bytes", "\(journalBytes) is beyond any journal")
  }
}

extension Zorba_V1_Ready {
  func validate(within limits: WireLimits) throws(ZorBAError) {
    let check = MessageCheck("Ready")
    // Round 0 is the base model.
    if lastRound > 0 { try check.round(lastRound, "last_round") }
    try check.length(journalChain.count, of: [16], "journal_chain")
    if hasCosts {
      try check.atMost(limits.maximumCostsBytes, bytes: costs.costs.count, "costs.costs")
    }
  }
}

extension Zorba_V1_Result {
  /// Scalars and losses may be anything that a binary32 holds: a site that diverges says so by them,
  /// and rejecting them is the aggregation's business, which names the site in the audit log.
  func validate(within limits: WireLimits) throws(ZorBAError) {
    let check = MessageCheck("Result")
    try check.round(round)
    try check.packed(scalars, "scalars", within: limits)
    try check.require(
      masked || !scalars.isEmpty || !updateDigest.isEmpty, "scalars", "no scalars")
    try check.require(
      !masked || scalars.isEmpty && updateDigest.isEmpty && halfScalars.isEmpty, "masked",
      "an answer in the clear beside a masked one")
    try check.length(updateDigest.count, of: [0, 16], "update_digest")
    try check.require(
      scalars.isEmpty || updateDigest.isEmpty, "update_digest", "an update beside scalars")
    try check.packed(halfScalars, "half_scalars", within: limits)
    try check.require(
      halfScalars.isEmpty || halfScalars.count == 2 * scalars.count, "half_scalars",
      "\(halfScalars.count) bytes beside \(scalars.count) of scalars")
    try check.seconds(Double(seconds), "seconds")
    try check.length(blockDigest.count, of: [0, 8], "block_digest")
  }
}

extension Zorba_V1_Evaluation {
  func validate(within limits: WireLimits) throws(ZorBAError) {
    let check = MessageCheck("Evaluation")
    // Round 0 is the base model, which is evaluated too.
    if round > 0 { try check.round(round) }
    try check.share(accuracy, "accuracy")
    try check.share(macroF1, "macro_f1")
    try check.require(
      absent || examples > 0, "examples", "metrics of no examples, yet not absent")
    try check.atMost(limits.maximumSegmentsBytes, bytes: segments.count, "segments")
    try check.require(
      !absent || segments.isEmpty, "segments", "figures by segment, yet absent")
  }
}
