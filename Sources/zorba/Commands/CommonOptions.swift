import ArgumentParser

/// Options that every command understands.
struct CommonOptions: ParsableArguments {
  @Flag(help: "Print one JSON object on standard output, and nothing else there.")
  var json = false

  @Flag(help: "No progress and no messages; errors only.")
  var quiet = false

  @Option(help: "Threads for arithmetic; all processors by default.")
  var threads: Int?

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads \(threads): use 1 to 1024.")
    }
  }

  /// A message for the person who watches.
  func say(_ text: String) {
    if !quiet { Console.error(text + "\n") }
  }
}
