import Foundation
import Testing
import ZorBADiagnostics

@Suite struct ZorBAErrorTests {
  @Test(
    "A location reads file, line, field, and leaves out what is unknown",
    arguments: [
      (ZorBAError.Location(file: "a.yml", line: 3, field: "rounds"), "a.yml:3: rounds"),
      (.init(file: "a.yml", line: 3), "a.yml:3"),
      (.init(file: "a.yml", field: "rounds"), "a.yml: rounds"),
      (.init(line: 3, field: "rounds"), "line 3: rounds"),
      (.init(file: "a.yml"), "a.yml"),
      (.init(line: 3), "line 3"),
      (.init(field: "rounds"), "rounds"),
      (.init(), ""),
    ])
  func location(_ location: ZorBAError.Location, _ expected: String) {
    #expect(location.description == expected)
  }

  @Test func descriptionIsPlaceFaultCauseAdvice() {
    struct Cause: Error, CustomStringConvertible { let description = "no such file" }
    let full = ZorBAError(
      .inputOutput, "cannot open the file", at: .init(file: "x"), advice: "Check the path.",
      cause: Cause())
    #expect(full.description == "x: cannot open the file (no such file)\n  Check the path.")
    #expect("\(full)" == full.description)
    #expect(ZorBAError(.diverged, "the loss is infinite").description == "the loss is infinite")
  }

  @Test func codesHaveDistinctStableNames() {
    let codes: [ZorBAError.Code: String] = [
      .invalidConfiguration: "invalid_configuration", .invalidData: "invalid_data",
      .invalidModel: "invalid_model", .unsupportedModel: "unsupported_model",
      .invalidJournal: "invalid_journal", .inputOutput: "input_output", .diverged: "diverged",
      .refused: "refused", .interrupted: "interrupted",
    ]
    #expect(codes.count == 9)
    for (code, name) in codes { #expect(code.description == name) }
  }

  @Test func whatFoundationReportsIsToldInTheSystemsWords() throws {
    let error = #expect(throws: ZorBAError.self) {
      do {
        _ = try Data(contentsOf: URL(filePath: "/nowhere/at all"))
      } catch {
        throw ZorBAError(.inputOutput, "cannot be read", cause: error)
      }
    }
    #expect(error?.description == "cannot be read (No such file or directory)")
  }

  @Test("Only a path that leads nowhere is somebody's mistake", arguments: [true, false])
  func missing(_ isThere: Bool) {
    let path = isThere ? "/dev/null" : "/nowhere/at all"
    let error = #expect(throws: ZorBAError.self) {
      try ZorBAError.whenMissing(.invalidModel) {
        throw ZorBAError(.inputOutput, "cannot be read", at: .init(file: path))
      }
    }
    #expect(error?.code == (isThere ? .inputOutput : .invalidModel))
  }
}
