import Foundation
import Testing
import ZorBADiagnostics
import ZorBATestSupport

@testable import ZorBAPrivacy

@Suite struct PrivateAnswersTests {
  private final class Folder {
    let path: String
    init() throws {
      let url = FileManager.default.temporaryDirectory
        .appending(path: "zorba-answers-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
      path = url.path(percentEncoded: false)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    var file: String { path + "/" + PrivateAnswers.fileName }
  }

  private static func answer(
    _ run: String = "run", round: Int = 3,
    scalars: [[Float]] = [[1.5, -0.0, .leastNonzeroMagnitude]]
  ) -> PrivateAnswers.Answer {
    .init(run: run, round: round, question: "q", generation: 7, scalars: scalars)
  }

  @Test func anotherProcessFindsTheLastAnswerOfEveryRun() throws {
    let folder = try Folder()
    var answers = try PrivateAnswers(folder: folder.path)
    #expect(answers.latest(run: "run") == nil)
    for run in 0..<12 {
      try answers.keep(Self.answer("run \(run)", round: 1))
      try answers.keep(Self.answer("run \(run)", round: 2))
    }
    answers = try PrivateAnswers(folder: folder.path)
    for run in 0..<12 {
      let latest = try #require(answers.latest(run: "run \(run)"))
      #expect(latest.round == 2)
      // Of runs long past only the round is known.
      let isKept = run >= 12 - PrivateAnswers.runsKept
      #expect(latest.scalars == (isKept ? Self.answer().scalars : []))
      if isKept { #expect(latest.scalars[0][1].bitPattern == Float(-0.0).bitPattern) }
    }
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.file)
    #expect((attributes[.posixPermissions] as? Int) == 0o600)
  }

  @Test func aDiskThatFailsChangesNothing() throws {
    let folder = try Folder()
    let answers = try PrivateAnswers(
      WholeFile(folder: folder.path, name: PrivateAnswers.fileName, synchronize: { _ in -1 }))
    let error = #expect(throws: ZorBAError.self) { try answers.keep(Self.answer()) }
    #expect(error?.code == .inputOutput)
    #expect(answers.latest(run: "run") == nil)
    #expect(try PrivateAnswers(folder: folder.path).latest(run: "run") == nil)
  }

  /// Whatever is not what was written is refused: an answer that is not the one that left must never be
  /// taken for it.
  @Test func damageIsRefused() throws {
    let folder = try Folder()
    try PrivateAnswers(folder: folder.path).keep(Self.answer())
    let whole = [UInt8](try Data(contentsOf: URL(filePath: folder.file)))
    #expect(PrivateAnswers.decoded(whole)?.count == 1)
    var mutator = Mutator(seed: 4)
    for _ in 0..<5000 {
      let bytes = mutator.mutate(whole)
      if bytes != whole { #expect(PrivateAnswers.decoded(bytes) == nil) }
    }
    try Data(whole.dropLast(9)).write(to: URL(filePath: folder.file))
    let error = #expect(throws: ZorBAError.self) { try PrivateAnswers(folder: folder.path) }
    #expect(error?.code == .refused)
  }
}
