import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The subcommands that are programs of their own beside `zorba`, so that the engine builds and runs
/// without the network stack.
enum SiblingProgram: String, CaseIterable {
  case server = "zorba-server"
  case site = "zorba-site"

  /// The program behind a subcommand; nil when `zorba` does it itself.
  init?(arguments: [String]) {
    switch arguments.first {
    case "server", "admin", "pki": self = .server
    case "client": self = .site
    default: return nil
    }
  }

  /// Becomes the program, with the same arguments.
  ///
  /// - Throws: `ZorBAError` when it does not lie beside this one.
  func become(arguments: [String]) throws -> Never {
    let path = path
    var vector: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) }
    vector.append(nil)
    execv(path, vector)
    throw ZorBAError(
      .inputOutput, "cannot be started: \(String(cString: strerror(errno)))",
      at: .init(file: path),
      advice: "Build everything with 'swift build -c release', then call .build/release/zorba.")
  }

  /// Where the program lies when all of them were built.
  var path: String { "\(Self.folder())/\(rawValue)" }

  /// Where this program lies, links followed.
  private static func folder() -> String {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
    let path =
      count > 0
      ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
      : CommandLine.arguments[0]
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return String(path[..<slash])
  }
}
