import Crypto
import ZorBADiagnostics
import ZorBAJSON

/// The private answer that was given last in each run, on the disk before it leaves.
///
/// Asked again, by another attempt or after a crash, a site must say the same. Drawn anew the answer would
/// cost again; and where every site adds a share of the noise it would cost more than that: the other
/// sites' shares are the same in both sums, so that the difference shows two answers of one site under no
/// noise but its own share.
package final class PrivateAnswers {
  /// One answer.
  package struct Answer: Sendable, Equatable {
    package var run: String
    package var round: Int
    /// A digest of what was asked.
    package var question: String
    /// What the ledger's generation is once the answer is charged.
    package var generation: Int
    /// [steps][directions]; empty where it is no longer kept.
    package var scalars: [[Float]]

    package init(
      run: String, round: Int, question: String, generation: Int, scalars: [[Float]]
    ) {
      self.run = run
      self.round = round
      self.question = question
      self.generation = generation
      self.scalars = scalars
    }
  }

  package static let fileName = "privacy-answers.json"
  /// Runs whose scalars are kept; of others it is known only which round was answered.
  static let runsKept = 8
  private static let mostBytes = 1 << 27

  /// The newest first.
  private var answers: [Answer]
  private let file: WholeFile?

  /// Answers that last as long as the process.
  package init() {
    answers = []
    file = nil
  }

  /// The answers of a state folder.
  ///
  /// - Throws: `ZorBAError`: `inputOutput` when they cannot be read, `refused` when they are damaged.
  package convenience init(folder: String) throws {
    try self.init(WholeFile(folder: folder, name: Self.fileName))
  }

  init(_ file: WholeFile) throws {
    self.file = file
    guard let bytes = try file.read(limit: Self.mostBytes) else {
      answers = []
      return
    }
    guard let answers = Self.decoded(bytes) else {
      throw ZorBAError(
        .refused, "the file is damaged, so nobody knows what this site answered last",
        at: .init(file: file.path),
        advice: "Put back a copy of it. If there is none, move it away once the runs that the site "
          + "takes part in have gone past their present rounds.")
    }
    self.answers = answers
  }

  /// The last answer in a run.
  package func latest(run: String) -> Answer? {
    answers.first { $0.run.utf8.elementsEqual(run.utf8) }
  }

  /// Keeps an answer in the place of the run's last, and returns when it is on the disk.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`; then nothing is changed.
  package func keep(_ answer: Answer) throws {
    var changed = [answer] + answers.filter { !$0.run.utf8.elementsEqual(answer.run.utf8) }
    for place in changed.indices.dropFirst(Self.runsKept) { changed[place].scalars = [] }
    try file?.replace(with: Self.encoded(changed))
    answers = changed
  }
}

// MARK: - The file

extension PrivateAnswers {
  private static let version = 1
  private static let sumDigits = 32

  /// One line of JSON, and one with its checksum.
  static func encoded(_ answers: [Answer]) -> [UInt8] {
    let object: JSONValue = [
      "version": .integer(version),
      "answers": .array(
        answers.map { answer in
          [
            "run": .string(answer.run), "round": .integer(answer.round),
            "question": .string(answer.question), "generation": .integer(answer.generation),
            "scalars": .array(answer.scalars.map { .string(digits($0)) }),
          ]
        }),
    ]
    let text = Array(object.serialized.utf8)
    return text + [UInt8(ascii: "\n")] + checksum(text) + [UInt8(ascii: "\n")]
  }

  /// Nil for anything that was not written by ``encoded(_:)``.
  static func decoded(_ bytes: [UInt8]) -> [Answer]? {
    let tail = sumDigits + 2
    let newline = UInt8(ascii: "\n")
    guard bytes.count > tail, bytes.last == newline, bytes[bytes.count - tail] == newline else {
      return nil
    }
    let text = Array(bytes.dropLast(tail))
    guard bytes.suffix(tail - 1).dropLast().elementsEqual(checksum(text)),
      let json = try? JSONParser.parse(text), json["version"]?.integer == version,
      let items = json["answers"]?.array
    else { return nil }
    var answers: [Answer] = []
    for item in items {
      guard let run = item["run"]?.string, let round = item["round"]?.integer,
        let question = item["question"]?.string, let generation = item["generation"]?.integer,
        let steps = item["scalars"]?.array
      else { return nil }
      let scalars = steps.compactMap { $0.string.flatMap(floats) }
      guard scalars.count == steps.count else { return nil }
      answers.append(
        Answer(
          run: run, round: round, question: question, generation: generation, scalars: scalars))
    }
    return answers
  }

  /// Eight hexadecimal digits for the bits of each.
  private static func digits(_ scalars: [Float]) -> String {
    scalars.map { scalar in
      let text = String(scalar.bitPattern, radix: 16)
      return String(repeating: "0", count: 8 - text.utf8.count) + text
    }.joined()
  }

  private static func floats(_ digits: String) -> [Float]? {
    let bytes = Array(digits.utf8)
    guard bytes.count % 8 == 0 else { return nil }
    var floats: [Float] = []
    for start in stride(from: 0, to: bytes.count, by: 8) {
      guard
        let bits = UInt32(String(decoding: bytes[start..<start + 8], as: UTF8.self), radix: 16)
      else { return nil }
      floats.append(Float(bitPattern: bits))
    }
    return floats
  }

  /// The first 16 bytes of SHA-256, in hexadecimal.
  private static func checksum(_ bytes: [UInt8]) -> [UInt8] {
    SHA256.hash(data: bytes).prefix(sumDigits / 2).flatMap { byte -> [UInt8] in
      let digits = String(byte, radix: 16).utf8
      return (digits.count == 1 ? [UInt8(ascii: "0")] : []) + Array(digits)
    }
  }
}
