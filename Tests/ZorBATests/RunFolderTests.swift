import Testing
import ZorBAConfiguration
import ZorBADiagnostics
import ZorBAJournal

@testable import ZorBA

/// What a run may and may not do to the folder it is given.
@Suite struct RunFolderTests {
  @Test func aRunFileThatSomebodyWroteIsNotReplaced() throws {
    let run = try TinyRun()
    try run.folder.write("# mine\nmodel: m\n", to: "run/run.yaml")
    let error = try #require(throws: ZorBAError.self) { try run.run() }
    #expect(error.code == .invalidConfiguration)
    #expect(try contents(of: run.folder.path("run/run.yaml")) == Array("# mine\nmodel: m\n".utf8))
    #expect(try names(in: run.configuration.out) == ["run.yaml"])
  }

  @Test func theRunFileItselfCanBeResumed() throws {
    let run = try TinyRun()
    _ = try run.run(stop: 1)
    let folder = RunFolder(path: run.configuration.out)
    #expect(try RunFile.read(path: folder.configuration) == run.configuration)
  }

  @Test func aRunThatCannotBeginIsNotInTheWay() throws {
    let run = try TinyRun()
    try run.folder.write("", to: "run/log.jsonl/occupied")
    let error = try #require(throws: ZorBAError.self) { try run.run() }
    #expect(error.code == .inputOutput)
    #expect(try !names(in: run.configuration.out).contains("run.zorba"))
  }

  @Test func filesAreRemovedUnlessTheRunIsBeingWritten() throws {
    let run = try TinyRun()
    _ = try run.run()
    try run.folder.write("kept", to: "run/notes.txt")
    let folder = RunFolder(path: run.configuration.out)
    let before = try names(in: folder.path)
    do {
      let writer = try JournalWriter.resume(at: folder.journal)
      let error = try #require(throws: ZorBAError.self) { try folder.removeFiles() }
      #expect(error.code == .refused)
      #expect(try names(in: folder.path) == before)
      withExtendedLifetime(writer) {}
    }
    try folder.removeFiles()
    #expect(try names(in: folder.path) == ["notes.txt"])
    try folder.removeFiles()
  }

  @Test func missingMetricsAreTold() throws {
    let run = try TinyRun()
    _ = try run.run(stop: 3)
    let folder = RunFolder(path: run.configuration.out)
    #expect(try run.run(resume: true, stop: 1).warnings.isEmpty)
    try run.folder.write("", to: "run/metrics.jsonl")
    let result = try run.run(resume: true)
    #expect(result.warnings.contains { $0.contains(folder.metrics) })
  }
}
