import ArgumentParser
import ZorBA
import ZorBAConsole

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
      let width = (inspection.facts.map(\.name.count).max() ?? 0) + 2
      for (name, value) in inspection.facts {
        let padding = String(repeating: " ", count: width - name.count)
        Console.output("\(name)\(padding)\(value)\n")
      }
    }
  }
}
