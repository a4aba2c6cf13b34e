import ArgumentParser
import Foundation
import ZorBA
import ZorBAConsole
import ZorBADiagnostics
import ZorBAJSON

struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score", abstract: "Score a text under a model, or write its logits.")

  @OptionGroup var common: CommonOptions
  @OptionGroup var model: ModelOptions

  @Argument(help: "The text.")
  var text: String?

  @Option(help: "Token ids instead of a text: 1,2,3 or the path of a JSON list.")
  var ids: String?

  @Option(help: "Write the logits [tokens, vocabulary] to this safetensors file.")
  var logits: String?

  @Flag(help: "Give an encoder's embedding of the text instead of scores.")
  var embedding = false

  func validate() throws {
    guard (text == nil) != (ids == nil) else {
      throw ValidationError("Give either a text or --ids.")
    }
  }

  func run() throws {
    let loaded = try model.load(common)
    let tokens = try ids.map(Self.parse) ?? loaded.tokens(of: text ?? "")
    if embedding { return try write(embedding: loaded.embedding(of: tokens), of: tokens) }
    if let logits { try loaded.writeLogits(of: tokens, to: logits) }
    // An encoder has logits, where its head is a masked language model, but no next token to score.
    if logits != nil, loaded.isEncoder { return Console.output("\(tokens.count) tokens\n") }
    let scores = try loaded.logProbabilities(of: tokens)
    let mean = scores.isEmpty ? 0 : -scores.reduce(0, +) / Double(scores.count)
    if common.json {
      let value: JSONValue = [
        "ids": .array(tokens.map { .integer(Int($0)) }),
        "log_probabilities": .array(scores.map { .number($0) }), "loss": .number(mean),
        "logits": logits.map { .string($0) } ?? .null,
      ]
      Console.output(value.serialized + "\n")
    } else {
      Console.output("\(tokens.count) tokens, mean loss \(NumberFormat.fixed(mean, 6)) a token\n")
    }
  }

  private func write(embedding: [Float], of tokens: [Int32]) throws {
    let numbers = JSONValue.array(embedding.map { .number(Double($0)) })
    if common.json {
      let value: JSONValue = [
        "ids": .array(tokens.map { .integer(Int($0)) }), "embedding": numbers,
      ]
      Console.output(value.serialized + "\n")
    } else {
      Console.output(numbers.serialized + "\n")
    }
  }

  /// Far more ids than any model has positions.
  private static let maximumByteCount = 16 << 20

  private static func read(_ path: String) throws -> String {
    let data: Data?
    do {
      data = try FileHandle(forReadingFrom: URL(filePath: path))
        .read(upToCount: maximumByteCount + 1)
    } catch {
      throw ZorBAError(
        .inputOutput, "cannot be read", at: .init(file: path, field: "--ids"),
        advice: "Check that it is a file and its permissions.", cause: error)
    }
    guard let data, data.count <= maximumByteCount,
      let text = String(validating: data, as: UTF8.self)
    else {
      throw ZorBAError(
        .invalidData, "is empty, longer than \(maximumByteCount) bytes or not UTF-8 text",
        at: .init(file: path, field: "--ids"), advice: "Give the path of a JSON list of token ids.")
    }
    return text
  }

  private static func parse(_ source: String) throws -> [Int32] {
    var text = source
    if FileManager.default.fileExists(atPath: source) { text = try read(source) }
    return try text.split(whereSeparator: { "[], \n\t\r".contains($0) }).map {
      guard let id = Int32($0) else {
        throw ZorBAError(
          .invalidData, "'\($0.prefix(40))' is not a token id", at: .init(field: "--ids"),
          advice: "Give whole numbers separated by commas, or the path of a JSON list of them.")
      }
      return id
    }
  }
}
