package import ArgumentParser

/// Options that every command understands.
package struct CommonOptions: ParsableArguments {
  @Flag(help: "Print one JSON object on standard output, and nothing else there.")
  package var json = false

  @Flag(help: "No progress and no messages; errors only.")
  package var quiet = false

  @Option(help: "Threads for arithmetic; all processors by default.")
  package var threads: Int?

  package init() {}

  package func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads \(threads): use 1 to 1024.")
    }
  }

  /// A message for the person who watches.
  package func say(_ text: String) {
    if !quiet { Console.error(text + "\n") }
  }
}
