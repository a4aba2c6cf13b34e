import Testing
import ZorBADiagnostics
import ZorBATestSupport

@testable import ZorBACoordinator

@Suite struct AccessRulesTests {
  private static let text = """
    operators:
      ada: [operator, approver]
      bob: [viewer]
      cy: []
    approvals: {minimum: 2}

    """

  @Test func rolesAreAsWrittenAndUnknownNamesHaveNone() throws {
    let rules = try AccessRules(parsing: Self.text, file: "access.yaml")
    #expect(rules.leastApprovals == 2)
    #expect(rules.allows("ada", .viewer) && rules.allows("ada", .approver))
    #expect(rules.allows("bob", .viewer) && !rules.allows("bob", .operator))
    for role in OperatorRole.allCases {
      #expect(!rules.allows("cy", role))
      #expect(!rules.allows("mallory", role))
      #expect(AccessRules().allows("anybody", role))
    }
  }

  @Test(arguments: [
    "operators: {ada: [king]}", "operators: [ada]", "operator: {ada: [viewer]}",
    "approvals: {minimum: -1}", "approvals: {minimum: 17}", "approvals: {least: 1}", "",
  ])
  func whatIsNotUnderstoodIsAnError(text: String) {
    #expect(throws: ZorBAError.self) { try AccessRules(parsing: text, file: "access.yaml") }
  }

  @Test func aFileWithoutOperatorsLetsNobodyIn() throws {
    let rules = try AccessRules(parsing: "approvals: {minimum: 1}", file: "access.yaml")
    #expect(!rules.allows("ada", .viewer))
  }

  @Test func damagedRulesAreErrorsOrRulesAndNothingElse() throws {
    var mutator = Mutator(seed: 21)
    var errors = 0
    for _ in 0..<2000 {
      let text = String(decoding: mutator.mutate(Array(Self.text.utf8)), as: UTF8.self)
      do {
        _ = try AccessRules(parsing: text, file: "access.yaml")
      } catch is ZorBAError {
        errors += 1
      }
    }
    #expect(errors > 500)
  }
}
