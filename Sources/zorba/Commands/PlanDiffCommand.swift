import ArgumentParser
import ZorBAConsole
import ZorBAJSON
import ZorBAPlanning

struct PlanDiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Say what changes from one plan file to another: blocks, shares of rounds, costs.")

  @OptionGroup var common: CommonOptions

  @Argument(help: ArgumentHelp("The plan before.", valueName: "old.json"))
  var old: String

  @Argument(help: ArgumentHelp("The plan after.", valueName: "new.json"))
  var new: String

  func run() throws {
    let difference = PlanDifference(
      from: try PlanFile.read(path: old), to: try PlanFile.read(path: new))
    Console.output(common.json ? difference.json.serialized + "\n" : difference.text)
  }
}
