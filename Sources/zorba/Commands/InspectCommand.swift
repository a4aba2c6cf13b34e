import ArgumentParser
import ZorBA
import ZorBAReport

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what a journal, a run's folder or a checkpoint holds, verifying it.")

  @OptionGroup var common: CommonOptions

  @Argument(help: "A run.zorba, a run's folder, a checkpoint folder or a .safetensors file.")
  var path: String

  func run() throws {
    let inspection = try Inspection(path: path)
    if common.json {
      Console.output(inspection.jsonText + "\n")
    } else {
      var table = TextTable(header: ["", ""])
      for fact in inspection.facts { table.append(fact.name, fact.value) }
      Console.output(table.rendered())
    }
  }
}
