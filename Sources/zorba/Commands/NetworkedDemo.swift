import Foundation
import ZorBA
import ZorBAConsole
import ZorBADiagnostics
import ZorBAJSON
import ZorBAReport

/// The demonstration as organisations would run it: a certificate authority, a coordinator and four
/// site agents, each a process of its own, over mutual TLS on this machine.
struct NetworkedDemo {
  private let run: RunConfiguration
  private let resources: String
  private let common: CommonOptions
  private let folder: String

  init(_ run: RunConfiguration, resources: String, common: CommonOptions) {
    self.run = run
    self.resources = resources
    self.common = common
    let out = run.out
    folder = out.hasPrefix("/") ? out : FileManager.default.currentDirectoryPath + "/" + out
  }

  /// - Throws: `ZorBAError`; with code `interrupted` when the run stopped early.
  func present() throws {
    for program in SiblingProgram.allCases
    where !FileManager.default.isExecutableFile(atPath: program.path) {
      throw ZorBAError(
        .inputOutput, "is missing", at: .init(file: program.path),
        advice: "Build everything with 'swift build -c release', then call .build/release/zorba.")
    }
    Interruption.listen()
    try removeEarlierDemo()
    common.say("Making a certificate authority, and an identity for each site.")
    try makeIdentities()
    try writeFiles()
    let port = try start()
    _ = port
  }
}
