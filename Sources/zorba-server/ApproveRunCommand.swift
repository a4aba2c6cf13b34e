import ArgumentParser
import SwiftProtobuf
import ZorBAWire

extension AdminCommand {
  struct Approve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Agree to a run that somebody else asked for.",
      discussion: """
        The digest is SHA-256 of the run's specification; 'zorba admin status --json' shows it. \
        Compare it with what you were asked to approve, over another channel.
        """)
    @OptionGroup var options: OperatorOptions
    @Argument(help: "The run.") var name: String
    @Option(help: ArgumentHelp("What is agreed to: 64 hexadecimal digits.", valueName: "sha256"))
    var digest: String

    func validate() throws {
      guard digest.count == 64, digest.allSatisfy(\.isHexDigit) else {
        throw ValidationError(
          "--digest \(digest): give all 64 hexadecimal digits of what you agree to.")
      }
    }

    func run() async throws {
      let (name, digest) = (name, digest.lowercased())
      try await options.ask { connection in
        let run = try await connection.approveRun(
          .with {
            $0.run = name
            $0.digest = digest
          }
        ).run
        return (RunTable.text([run]), RunTable.json(run))
      }
    }
  }
}
