/// What an operator may do. Whoever has any role may look.
package enum OperatorRole: String, Sendable, CaseIterable {
  /// See runs and sites.
  case viewer
  /// Start and steer runs.
  case `operator`
  /// Agree to runs that others ask for.
  case approver
}
