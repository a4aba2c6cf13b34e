import ArgumentParser
import Foundation
import ZorBA
import ZorBAConsole
import ZorBADiagnostics

struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Four sites with skewed private data and a small bundled model, about a minute.",
    discussion: """
      Four front desks hold client messages they may not share, each with its own mix of topics. \
      They fine-tune the bundled model together, with forward passes only, and then each alone \
      for comparison. Everything is synthetic and nothing is downloaded.
      """)

  @OptionGroup var common: CommonOptions

  @Option(
    help: "The folder to leave the run in; replaced if a demo left it. (default: runs/demo)")
  var out: String?

  /// The folder, or the usual one of each kind of demo.
  private var folder: String { out ?? (networked ? "runs/demo-networked" : "runs/demo") }

  @Option(help: "Rounds of training.")
  var rounds = DemoRecipe.rounds

  @Option(help: "Seed of everything random.")
  var seed: UInt64 = 1

  @Flag(help: "Use a coordinator and four site processes over mutual TLS on this machine.")
  var networked = false

  func run() throws {
    let resources = Bundle.module.bundleURL.appending(path: "Resources").path
    guard FileManager.default.fileExists(atPath: resources) else {
      throw ZorBAError(
        .inputOutput, "the bundled model is missing beside the executable",
        advice: "Build with 'swift build' and run from the build folder.")
    }
    let run = DemoRecipe.configuration(
      resources: resources, out: folder, rounds: rounds, seed: seed)
    // What cannot run does not cost the earlier demo.
    try run.validate()
    if networked {
      return try NetworkedDemo(run, resources: resources, common: common).present()
    }
    try removeEarlierDemo()
    common.say(
      """
      Four sites, label-skewed private messages, one small language model. Forward passes only:
      what leaves a site in a round is a few numbers.
      """)
    try RunPresentation(
      common: common, title: "ZorBA demonstration", comparesWithTrainingAlone: true
    ).present(run)
    common.say(
      """
      The journal is the fine-tuned model. For example:
        zorba inspect \(folder)
        zorba export --model \(resources)/model --journal \(folder)/run.zorba --out \(folder)/model
      """)
  }

  /// Only a folder whose run file says that a demo made it is taken away.
  private func removeEarlierDemo() throws {
    let folder = RunFolder(path: self.folder)
    guard FileManager.default.fileExists(atPath: folder.journal) else { return }
    let marker = try? String(contentsOfFile: folder.configuration, encoding: .utf8)
    guard marker?.contains("/Resources/demo/bank.jsonl") == true else {
      throw ZorBAError(
        .invalidConfiguration, "the folder holds a run that is not a demo",
        at: .init(file: self.folder), advice: "Choose another one with --out.")
    }
    try folder.removeFiles()
  }
}
