import ZorBAConfiguration
import ZorBADiagnostics

/// Who may do what on a coordinator, and how many must agree to a run.
///
/// Roles belong to names in operators' certificates. Without a file every operator of the federation
/// has the roles `operator` and `approver`; with one, whoever it does not name may do nothing.
package struct AccessRules: Sendable, Equatable {
  /// Roles by the names of operators; nil gives all of them `operator` and `approver`.
  package var roles: [String: Set<OperatorRole>]?
  /// Approvals that every run needs, whatever its file says.
  package var leastApprovals = 0

  /// Everybody may do everything that needs one person.
  package init() {}

  /// Reads rules from YAML.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming file, line and key.
  package init(parsing text: String, file: String) throws {
    let root = try ConfigurationSection(
      ConfigurationNode(parsing: text, file: file), file: file, path: "")
    let operators = try root.section("operators")
    var roles: [String: Set<OperatorRole>] = [:]
    for name in operators.presentKeys {
      let names = try operators.texts(name) ?? []
      roles[name] = Set(
        try names.map { text in
          guard let role = OperatorRole(rawValue: text) else {
            throw operators.failure(
              name, "'\(text.excerpt())' is no role",
              advice: "Use a list of: "
                + OperatorRole.allCases.map(\.rawValue).joined(separator: ", ") + ".")
          }
          return role
        })
    }
    try operators.finish()
    self.roles = roles
    let approvals = try root.section("approvals")
    leastApprovals = try approvals.integer("minimum", in: 0...16, default: 0)
    try approvals.finish()
    try root.finish()
  }

  /// The roles of an operator.
  package func roles(of name: String) -> Set<OperatorRole> {
    guard let roles else { return [.operator, .approver] }
    return roles[name] ?? []
  }

  /// Whether an operator may do what a role may.
  package func allows(_ name: String, _ role: OperatorRole) -> Bool {
    let held = roles(of: name)
    return role == .viewer ? !held.isEmpty : held.contains(role)
  }
}
