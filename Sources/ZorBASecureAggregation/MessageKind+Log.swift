extension SecureAggregationSite {
  /// What a message of a site is, for the log of what left it: the step, and the session's identifier.
  /// Nil for what is no such message.
  package static func describe(_ message: [UInt8]) -> (step: String, session: [UInt8])? {
    guard message.count >= MessageKind.headerBytes, let kind = MessageKind(rawValue: message[3])
    else { return nil }
    let step: String
    switch kind {
    case .advertisement: step = "keys"
    case .shares: step = "sealed_shares"
    case .maskedInput: step = "masked_vector"
    case .confirmation: step = "signed_survivors"
    case .unmasking: step = "unmasking_shares"
    case .roster, .delivery, .survivors, .confirmations: return nil
    }
    return (step, Array(message[4..<MessageKind.headerBytes]))
  }
}
