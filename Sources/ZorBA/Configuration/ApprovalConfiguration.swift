/// Who must agree before a run begins.
///
/// It decides no bit of the run, but it is part of the specification that people agree to, so the
/// journal's header has it.
public struct ApprovalConfiguration: Sendable, Equatable {
  /// Approvers, other than the operator who started the run, who must name its digest before it
  /// begins. A coordinator may demand more of every run.
  public var required = 0

  /// The most that can be asked for.
  package static let most = 16

  /// Nobody.
  public init() {}
}
