package import ZorBADiagnostics

extension Zorba_V1_CoordinatorMessage: WireMessage {
  package func validate(within limits: WireLimits) throws(ZorBAError) {
    switch kind {
    case .welcome(let message): try message.validate(within: limits)
    case .advance(let message): try message.validate(within: limits)
    case .record(let message):
      let check = MessageCheck("JournalRecord")
      try check.require((1...255).contains(message.type), "type", "type \(message.type)")
      try check.atMost(limits.maximumRecordBytes, bytes: message.payload.count, "payload")
    case .evaluate(let message):
      if message.round > 0 { try MessageCheck("Evaluate").round(message.round) }
    case .digestRequest(let message):
      // Round 0 asks for the base model's.
      if message.round > 0 { try MessageCheck("DigestRequest").round(message.round) }
    case .pause(let message):
      try MessageCheck("Pause").text(message.reason, "reason", within: limits)
    case .goodbye(let message):
      try MessageCheck("Goodbye").text(message.text, "text", within: limits)
    case .heartbeat: break
    case .secureAggregation(let message): try message.validate(within: limits)
    case nil:
      throw MessageCheck("CoordinatorMessage").fault(
        "", "none of the kinds that this version knows")
    }
  }
}

extension Zorba_V1_Welcome {
  func validate(within limits: WireLimits) throws(ZorBAError) {
    let check = MessageCheck("Welcome")
    try check.name(run, "run", within: limits)
    try check.require(self.protocol > 0, "protocol", "version 0")
    try check.text(software, "software", within: limits)
    try check.require(!journalHeader.isEmpty, "journal_header", "no header")
    try check.atMost(limits.maximumHeaderBytes, bytes: journalHeader.count, "journal_header")
    try check.require(siteNumber > 0, "site_number", "number 0; sites count from 1")
    if lastRound > 0 { try check.round(lastRound, "last_round") }
    try check.require(
      secureEpoch <= 1 << 40, "secure_epoch", "\(secureEpoch) is beyond any stretch of a run")
  }
}

extension Zorba_V1_Advance {
  func validate(within limits: WireLimits) throws(ZorBAError) {
    let check = MessageCheck("Advance")
    try check.require(
      hasCommit || hasAssignment, "", "neither a commit nor an assignment")
    if hasCommit { try commit.validate(within: limits) }
    if hasAssignment {
      let check = MessageCheck("Assignment")
      if assignment.round > 0 {
        try check.round(assignment.round)
      } else {
        try check.require(hasCommit, "round", "round 0 without a commit to count from")
      }
      try check.atMost(limits.maximumPackedBytes, bytes: assignment.group.count, "group")
    }
  }
}

extension Zorba_V1_Commit {
  func validate(within limits: WireLimits) throws(ZorBAError) {
    let check = MessageCheck("Commit")
    try check.round(round)
    try check.atMost(limits.maximumPackedBytes, bytes: participants.count, "participants")
    try check.packed(coefficients, "coefficients", within: limits)
    try check.require(
      journalBytes <= 1 << 53, "journal_bytes", "\(journalBytes) is beyond any journal")
    try check.require(
      journalBytes == 0 || coefficients.isEmpty, "coefficients",
      "\(coefficients.count) bytes beside a dense round")
    // What is committed goes into the weights of every site.
    try check.require(
      PackedFloats.unpack(coefficients)?.allSatisfy(\.isFinite) ?? false, "coefficients",
      "one of them is not finite")
  }
}
