package import ZorBADiagnostics

extension Zorba_V1_ListRunsRequest: WireMessage {
  package func validate(within limits: WireLimits) throws(ZorBAError) {}
}

extension Zorba_V1_ListRunsResponse: WireMessage {
  package func validate(within limits: WireLimits) throws(ZorBAError) {
    try MessageCheck("ListRunsResponse").atMost(
      limits.maximumElements, elements: runs.count, "runs")
    for run in runs { try run.validate(within: limits) }
  }
}

extension Zorba_V1_RunStatus {
  func validate(within limits: WireLimits) throws(ZorBAError) {
    let check = MessageCheck("RunStatus")
    try check.name(name, "name", within: limits)
    try check.text(state, "state", within: limits)
    try check.text(reason, "reason", within: limits)
    try check.text(folder, "folder", within: limits)
    try check.seconds(secondsPerRound, "seconds_per_round")
    try check.text(digest, "digest", within: limits)
    try check.text(requestedBy, "requested_by", within: limits)
    try check.atMost(limits.maximumElements, elements: approvals.count, "approvals")
    for approval in approvals { try check.text(approval.approver, "approvals", within: limits) }
  }
}

extension Zorba_V1_ApproveRunRequest: WireMessage {
  package func validate(within limits: WireLimits) throws(ZorBAError) {
    let check = MessageCheck("ApproveRunRequest")
    try check.name(run, "run", within: limits)
    guard digest.utf8.count == 64,
      digest.utf8.allSatisfy({ Array("0123456789abcdef".utf8).contains($0) })
    else { throw check.fault("digest", "is not 64 lower-case hexadecimal digits") }
  }
}

extension Zorba_V1_ApproveRunResponse: WireMessage {
  package func validate(within limits: WireLimits) throws(ZorBAError) {
    try run.validate(within: limits)
  }
}

extension Zorba_V1_StartRunRequest: WireMessage {
  package func validate(within limits: WireLimits) throws(ZorBAError) {
    let check = MessageCheck("StartRunRequest")
    try check.name(name, "name", within: limits)
    try check.atMost(limits.maximumRunFileBytes, bytes: runFile.utf8.count, "run_file")
  }
}

extension Zorba_V1_StartRunResponse: WireMessage {
  package func validate(within limits: WireLimits) throws(ZorBAError) {
    try run.validate(within: limits)
  }
}

extension Zorba_V1_ControlRunRequest: WireMessage {
  package func validate(within limits: WireLimits) throws(ZorBAError) {
    let check = MessageCheck("ControlRunRequest")
    try check.name(run, "run", within: limits)
    try check.text(reason, "reason", within: limits)
    switch action {
    case .pause, .resume, .stop: break
    case .unspecified, .UNRECOGNIZED:
      throw check.fault("action", "action \(action.rawValue) is none that this version knows")
    }
  }
}

extension Zorba_V1_ControlRunResponse: WireMessage {
  package func validate(within limits: WireLimits) throws(ZorBAError) {
    try run.validate(within: limits)
  }
}

extension Zorba_V1_RollBackRunRequest: WireMessage {
  package func validate(within limits: WireLimits) throws(ZorBAError) {
    let check = MessageCheck("RollBackRunRequest")
    try check.name(run, "run", within: limits)
    // Round 0 goes back to the base model.
    if round > 0 { try check.round(round) }
  }
}

extension Zorba_V1_RollBackRunResponse: WireMessage {
  package func validate(within limits: WireLimits) throws(ZorBAError) {
    try run.validate(within: limits)
  }
}

extension Zorba_V1_BranchRunRequest: WireMessage {
  package func validate(within limits: WireLimits) throws(ZorBAError) {
    let check = MessageCheck("BranchRunRequest")
    try check.name(run, "run", within: limits)
    try check.name(name, "name", within: limits)
    if round > 0 { try check.round(round) }
    try check.atMost(limits.maximumElements, elements: overrides.count, "overrides")
    for override in overrides { try check.text(override, "overrides", within: limits) }
  }
}

extension Zorba_V1_BranchRunResponse: WireMessage {
  package func validate(within limits: WireLimits) throws(ZorBAError) {
    try run.validate(within: limits)
  }
}

extension Zorba_V1_ListSitesRequest: WireMessage {
  package func validate(within limits: WireLimits) throws(ZorBAError) {
    try MessageCheck("ListSitesRequest").name(run, "run", orEmpty: true, within: limits)
  }
}

extension Zorba_V1_ListSitesResponse: WireMessage {
  package func validate(within limits: WireLimits) throws(ZorBAError) {
    let check = MessageCheck("SiteStatus")
    try MessageCheck("ListSitesResponse").atMost(
      limits.maximumElements, elements: sites.count, "sites")
    for site in sites {
      try check.name(site.run, "run", orEmpty: true, within: limits)
      try check.name(site.name, "name", within: limits)
      try check.text(site.state, "state", within: limits)
      try check.text(site.reason, "reason", within: limits)
      try check.seconds(site.secondsPerRound, "seconds_per_round")
    }
  }
}

extension Zorba_V1_ReadmitSiteRequest: WireMessage {
  package func validate(within limits: WireLimits) throws(ZorBAError) {
    let check = MessageCheck("ReadmitSiteRequest")
    try check.name(run, "run", within: limits)
    try check.name(site, "site", within: limits)
  }
}

extension Zorba_V1_ReadmitSiteResponse: WireMessage {
  package func validate(within limits: WireLimits) throws(ZorBAError) {}
}
