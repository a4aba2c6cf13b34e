import ArgumentParser
import ZorBAConsole
import ZorBAJSON
import ZorBATokenizers

struct TokenizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize", abstract: "Turn text into token ids, or ids back into text.")

  @OptionGroup var common: CommonOptions

  @Option(help: "A folder with tokenizer files.")
  var model: String

  @Argument(help: "The text, or with --decode the ids; standard input when there is none.")
  var text: [String] = []

  @Flag(help: "Turn ids into text.")
  var decode = false

  @Flag(help: "Leave out the tokens a model expects around a sequence.")
  var plain = false

  func run() throws {
    let tokenizer = try Tokenizer.load(directory: model)
    let input = text.isEmpty ? try StandardInput.text() : text.joined(separator: " ")
    if decode {
      let ids = try input.split(whereSeparator: { $0 == " " || $0 == "," || $0.isNewline }).map {
        guard let id = Int32($0) else { throw ValidationError("'\($0)' is not a token id.") }
        return id
      }
      let result = tokenizer.decode(ids, skippingSpecialTokens: plain)
      let value: JSONValue = ["text": .string(result)]
      Console.output((common.json ? value.serialized : result) + "\n")
    } else {
      let ids = tokenizer.encode(input, addingSpecialTokens: !plain)
      let value: JSONValue = ["ids": .array(ids.map { .integer(Int($0)) })]
      Console.output(
        (common.json ? value.serialized : ids.map(String.init).joined(separator: " ")) + "\n")
    }
  }
}
