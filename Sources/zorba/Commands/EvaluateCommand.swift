public import ArgumentParser
public import ZorBA
import ZorBAConfiguration
import ZorBAConsole
import ZorBAPresentation
import ZorBAReport

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Measure a model on labelled rows or text.")

  @OptionGroup var common: CommonOptions
  @OptionGroup var model: ModelOptions

  @Option(help: "The rows: .jsonl, .csv, .tsv, or .txt for language modelling.")
  var data: String

  @Option(help: "classification, multiple_choice, language_modeling or completion.")
  var kind = TaskConfiguration.Kind.classification

  @Option(help: "What gives the values: language_model, masked_lm, prototypes or classifier.")
  var head: TaskConfiguration.Head?

  @Option(help: "The prompt, such as \"{text} It was {label}.\"")
  var template: String?

  @Option(help: "A label and its word, value=word. Repeat for every label.")
  var label: [String] = []

  @Option(
    name: .customLong("run"),
    help: "Take the task from this RUN.yaml (or a run folder's run.yaml) instead.")
  var runFile: String?

  @Option(help: "Tokens of one row at most.")
  var maxTokens = 256

  @Option(help: "Rows to use at most; 0 for all.")
  var limit = 0

  func validate() throws {
    guard maxTokens >= 2, limit >= 0 else {
      throw ValidationError("--max-tokens must be 2 or more, --limit 0 or more.")
    }
    guard runFile == nil || (template == nil && label.isEmpty && head == nil) else {
      throw ValidationError("--run brings its own task; leave out --template, --label and --head.")
    }
  }

  func run() throws {
    var task = TaskConfiguration()
    var batch = BatchConfiguration()
    if let runFile {
      let configuration = try RunFile.read(path: runFile)
      task = configuration.task
      batch = configuration.batch
    } else {
      task.kind = kind
      task.head = head
      task.template = template
      task.labels = try label.map { text in
        guard let equals = text.firstIndex(of: "=") else {
          throw ValidationError("--label \(text): write value=word.")
        }
        return (String(text[..<equals]), String(text[text.index(after: equals)...]))
      }
      batch.maxTokens = maxTokens
    }
    let loaded = try model.load(common, task: task)
    var progress: ProgressLine?
    let evaluation = try loaded.evaluate(file: data, task: task, batch: batch, limit: limit) {
      if progress == nil {
        progress = ProgressLine(label: "row", total: $1, isQuiet: common.quiet || $1 < 200)
      }
      progress?.update(done: $0, detail: "")
    }
    progress?.finish()
    Console.output(common.json ? evaluation.jsonText + "\n" : evaluation.text)
  }
}

extension TaskConfiguration.Kind: ExpressibleByArgument {}

extension TaskConfiguration.Head: ExpressibleByArgument {}
