import Testing
import ZorBA
import ZorBAConfiguration
import ZorBADiagnostics
import ZorBAJSON

@Suite struct ApprovalsTests {
  private func parse(_ section: String, sites: Bool = true) throws -> RunConfiguration {
    let federation = sites ? "federation: {sites: [a, b]}\ntask: {labels: {x: y}}\n" : ""
    let data = sites ? "" : "data: {train: t.jsonl}\n"
    return try RunFile.parse("model: m\n\(federation)\(data)\(section)\n", file: "run.yaml")
  }

  @Test func theSectionIsReadAndWrittenBack() throws {
    let run = try parse("approvals: {required: 2}")
    #expect(run.approvals.required == 2)
    #expect(try RunFile.parse(run.yamlText, file: "again.yaml") == run)
    #expect(run.journaled["approvals"]?["required"]?.integer == 2)
  }

  @Test func whereNobodyIsAskedJournalsStayAsTheyWere() throws {
    #expect(try parse("").journaled["approvals"] == nil)
    #expect(try parse("approvals: {required: 0}").journaled["approvals"] == nil)
  }

  @Test(arguments: ["approvals: {required: -1}", "approvals: {required: 17}", "approvals: {by: 2}"])
  func otherValuesAreErrors(section: String) {
    #expect(throws: ZorBAError.self) { try parse(section) }
  }

  @Test func aRunWithoutSitesAsksNobody() {
    #expect(throws: ZorBAError.self) { try parse("approvals: {required: 1}", sites: false) }
  }
}
