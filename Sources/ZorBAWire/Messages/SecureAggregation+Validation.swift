import ZorBADiagnostics

extension Zorba_V1_SecureAggregation {
  /// What the payload holds is checked by the protocol's own two ends, as every peer's is.
  func validate(within limits: WireLimits) throws(ZorBAError) {
    let check = MessageCheck("SecureAggregation")
    try check.round(round)
    try check.require(!payload.isEmpty, "payload", "nothing")
    try check.atMost(limits.maximumSecureBytes, bytes: payload.count, "payload")
  }
}
