package import ZorBADiagnostics

extension Zorba_V1_FetchJournalRequest: WireMessage {
  package func validate(within limits: WireLimits) throws(ZorBAError) {
    let check = MessageCheck("FetchJournalRequest")
    try check.name(run, "run", within: limits)
    try check.require(offset <= 1 << 53, "offset", "\(offset) is beyond any journal")
    try check.require(end == 0 || end >= offset, "end", "\(end) lies before \(offset)")
  }
}

extension Zorba_V1_FetchJournalResponse: WireMessage {
  package func validate(within limits: WireLimits) throws(ZorBAError) {
    try MessageCheck("FetchJournalResponse").atMost(
      limits.maximumPieceBytes, bytes: data.count, "data")
  }
}

extension Zorba_V1_DescribeModelRequest: WireMessage {
  package func validate(within limits: WireLimits) throws(ZorBAError) {
    let check = MessageCheck("DescribeModelRequest")
    try check.name(run, "run", within: limits)
    if round > 0 { try check.round(round) }
  }
}

extension Zorba_V1_DescribeModelResponse: WireMessage {
  package func validate(within limits: WireLimits) throws(ZorBAError) {
    let check = MessageCheck("DescribeModelResponse")
    try check.atMost(limits.maximumElements, elements: files.count, "files")
    var names: Set<String> = []
    for file in files {
      // The name becomes a file of the receiver's: it must not leave the folder.
      try check.name(file.name, "files.name", within: limits)
      try check.require(
        names.insert(file.name).inserted, "files.name", "'\(file.name.excerpt())' twice")
      try check.require(
        file.bytes <= 1 << 53, "files.bytes", "\(file.bytes) is beyond any file")
      try check.length(file.digest.count, of: [32], "files.digest")
    }
    if round > 0 { try check.round(round) }
    try check.atMost(
      limits.maximumElements, elements: blockDigests.count, "block_digests")
    for digest in blockDigests { try check.length(digest.count, of: [16], "block_digests") }
    try check.length(journalChain.count, of: [0, 16], "journal_chain")
  }
}

extension Zorba_V1_FetchModelRequest: WireMessage {
  package func validate(within limits: WireLimits) throws(ZorBAError) {
    let check = MessageCheck("FetchModelRequest")
    try check.name(run, "run", within: limits)
    try check.name(name, "name", within: limits)
    if round > 0 { try check.round(round) }
    try check.require(offset <= 1 << 53, "offset", "\(offset) is beyond any file")
  }
}

extension Zorba_V1_FetchModelResponse: WireMessage {
  package func validate(within limits: WireLimits) throws(ZorBAError) {
    try MessageCheck("FetchModelResponse").atMost(
      limits.maximumPieceBytes, bytes: data.count, "data")
  }
}

extension Zorba_V1_RenewCertificateRequest: WireMessage {
  package func validate(within limits: WireLimits) throws(ZorBAError) {
    let check = MessageCheck("RenewCertificateRequest")
    try check.require(!signingRequest.isEmpty, "signing_request", "no request")
    try check.atMost(
      limits.maximumCertificateBytes, bytes: signingRequest.count, "signing_request")
  }
}

extension Zorba_V1_RenewCertificateResponse: WireMessage {
  package func validate(within limits: WireLimits) throws(ZorBAError) {
    let check = MessageCheck("RenewCertificateResponse")
    try check.require(!certificates.isEmpty, "certificates", "no certificate")
    try check.atMost(limits.maximumCertificates, elements: certificates.count, "certificates")
    for certificate in certificates {
      try check.atMost(
        limits.maximumCertificateBytes, bytes: certificate.count, "certificates")
    }
  }
}
