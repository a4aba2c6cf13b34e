import ZorBA
import ZorBAConfiguration
import ZorBAConsole
import ZorBADiagnostics
import ZorBASite
import ZorBASitePolicy

/// What would leave the site in the first round of a run, computed here; nothing is connected to and
/// nothing is sent.
struct DryRun {
  private let configuration: SiteConfiguration
  private let runFile: String
  private let threads: Int?

  init(_ configuration: SiteConfiguration, runFile: String, threads: Int?) {
    self.configuration = configuration
    self.runFile = runFile
    self.threads = threads
  }

  func present(asJSON: Bool) throws {
    let run = try RunFile.read(path: runFile)
    // A coordinator calls a run by the name of its file.
    let file = runFile.split(separator: "/").last ?? ""
    let name = file.lastIndex(of: ".").map { String(file[..<$0]) } ?? String(file)
    let rehearsal = try Rehearsal(
      configuration, run: run, named: configuration.run ?? name, threads: threads)
    for line in try rehearsal.lines() { Console.output((asJSON ? line.json : line.text) + "\n") }
    if let remark = rehearsal.remark { Console.error(remark + "\n") }
    let refusals = rehearsal.refusals
    guard refusals.isEmpty else {
      throw ZorBAError(
        .refused, refusals.joined(separator: "\n"),
        advice: "Nothing was sent. Change the policy if the run is to be answered.")
    }
    if !asJSON { Console.error("Nothing was sent.\n") }
  }
}
