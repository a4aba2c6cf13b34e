import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Runs `zorba simulate` as a process of its own, so that its peak of memory is its own.
package struct SimulationLauncher: RunLauncher {
  private let program: String

  /// - Parameter program: The executable; nil for this one.
  package init(program: String? = nil) { self.program = program ?? Self.thisProgram }

  package func launch(_ order: RunOrder) throws -> SimulationProcess {
    var arguments = ["simulate", order.runFile, "--json", "--set", "out=\(order.out)"]
    if let threads = order.threads { arguments += ["--threads", "\(threads)"] }
    return try SimulationProcess(program, arguments, log: order.log)
  }

  private static var thisProgram: String {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
    guard count > 0 else { return CommandLine.arguments.first ?? "zorba" }
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// A process whose use of the machine the system counts.
///
/// It stays in this process's group: Ctrl-C in a terminal reaches both.
package final class SimulationProcess: RunningPart {
  private let identifier: pid_t
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private var outcome: (ending: RunEnding, usage: ProcessUsage)?

  /// - Throws: `ZorBAError` with code `inputOutput` when it cannot be started.
  init(_ program: String, _ arguments: [String], log: String) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(
      &actions, STDERR_FILENO, log, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    var vector: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
    vector.append(nil)
    defer { vector.forEach { free($0) } }
    var identifier: pid_t = 0
    let fault = posix_spawn(&identifier, program, &actions, nil, vector, environ)
    guard fault == 0 else {
      throw ZorBAError(
        .inputOutput, "cannot be started: \(String(cString: strerror(fault)))",
        at: .init(file: program))
    }
    self.identifier = identifier
    start = clock.now
  }

  package func poll() -> (ending: RunEnding, usage: ProcessUsage)? { wait(WNOHANG) }

  package func end() {
    guard poll() == nil else { return }
    kill(identifier, SIGTERM)
    // It ends after its current round; a long one is not waited for.
    for _ in 0..<100 {
      if poll() != nil { return }
      usleep(100_000)
    }
    kill(identifier, SIGKILL)
    _ = wait(0)
  }

  private func wait(_ options: Int32) -> (ending: RunEnding, usage: ProcessUsage)? {
    if let outcome { return outcome }
    var status: Int32 = 0
    var used = rusage()
    var found: pid_t
    repeat {
      found = wait4(identifier, &status, options, &used)
    } while found < 0 && errno == EINTR
    guard found == identifier else { return nil }
    let signal = status & 0x7F
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    let usage = ProcessUsage(
      wallSeconds: (clock.now - start) / .seconds(1),
      cpuSeconds: seconds(used.ru_utime) + seconds(used.ru_stime),
      peakBytes: Int(used.ru_maxrss) * 1024)
    outcome = (
      signal == 0 ? .exited(Int(status >> 8 & 0xFF)) : .killed(signal: Int(signal)), usage
    )
    return outcome
  }
}
