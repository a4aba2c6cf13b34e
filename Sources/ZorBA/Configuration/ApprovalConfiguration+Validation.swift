extension ApprovalConfiguration {
  /// The first rule that does not hold; nil when all do.
  package func fault(sites: Int) -> RunConfiguration.Fault? {
    guard (0...Self.most).contains(required) else {
      return ("approvals.required", "\(required)", "0 to \(Self.most)")
    }
    guard required == 0 || sites > 0 else {
      return (
        "approvals.required", "\(required) for a run without federation.sites",
        "0: only a coordinator asks for approvals"
      )
    }
    return nil
  }
}
