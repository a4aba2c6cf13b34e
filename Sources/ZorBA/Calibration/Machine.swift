package import ZorBATensor

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension SiteCalibration.Machine {
  /// This machine, as a process with these threads sees it.
  package init(context: ComputeContext) {
    self.init(
      processor: SystemFacts.processorName, instructionSet: context.instructionSet.rawValue,
      processors: ProcessInfo.processInfo.activeProcessorCount,
      threads: context.team.threadCount,
      memoryBytes: SystemFacts.memory.limit ?? SystemFacts.memory.total)
  }
}

/// What the system says about itself; everything missing where it says nothing.
enum SystemFacts {
  /// Memory of the machine and of the group of processes that this one is confined to.
  struct Memory: Equatable {
    /// Bytes of the machine.
    var total: Int
    /// Bytes that can be had without swapping.
    var available: Int
    /// The group's limit, where it has one below `total`.
    var limit: Int?
    /// Bytes that the group uses.
    var used: Int?

    /// Bytes that this process can still have.
    var reachable: Int {
      guard let limit else { return available }
      return min(available, max(0, limit - (used ?? 0)))
    }
  }

  /// The processor's name, or its architecture.
  static var processorName: String {
    let text = contents(at: "/proc/cpuinfo") ?? ""
    for key in ["model name", "Model", "Hardware"] {
      if let name = value(of: key, in: text) { return name }
    }
    #if arch(x86_64)
      return "x86-64"
    #elseif arch(arm64)
      return "arm64"
    #else
      return "unknown"
    #endif
  }

  /// The features that the processor lists, among those that kernels come in versions for.
  static var processorFeatures: [String] {
    let text = contents(at: "/proc/cpuinfo") ?? ""
    let listed = value(of: "flags", in: text) ?? value(of: "Features", in: text) ?? ""
    let words = Set(listed.split(separator: " ").map(String.init))
    return ["avx2", "fma", "f16c", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "bf16", "i8mm"]
      .filter(words.contains)
  }

  /// The value behind a key and a colon, of its first line.
  private static func value(of key: String, in text: String) -> String? {
    for line in text.split(separator: "\n") {
      guard let colon = line.firstIndex(of: ":") else { continue }
      let name = line[..<colon].split(whereSeparator: { $0 == " " || $0 == "\t" })
      if name.joined(separator: " ") == key {
        return line[line.index(after: colon)...].split(separator: " ").joined(separator: " ")
      }
    }
    return nil
  }

  static var memory: Memory {
    let text = contents(at: "/proc/meminfo") ?? ""
    func bytes(_ key: String) -> Int {
      let word = value(of: key, in: text)?.split(separator: " ").first
      return (word.flatMap { Int($0) } ?? 0) << 10
    }
    var memory = Memory(total: bytes("MemTotal"), available: bytes("MemAvailable"))
    let groups = contents(at: "/proc/self/cgroup") ?? ""
    for (limit, used) in memoryGroups(groups) {
      guard let word = self.contents(at: limit)?.split(separator: "\n").first,
        let bytes = Int(word),
        bytes < memory.total, bytes < memory.limit ?? .max
      else { continue }
      memory.limit = bytes
      memory.used = self.contents(at: used)?.split(separator: "\n").first.flatMap { Int($0) }
    }
    return memory
  }

  /// Files of limit and use, of the process's groups and of the root as a container sees it.
  private static func memoryGroups(_ groups: String) -> [(limit: String, used: String)] {
    var files: [(limit: String, used: String)] = [
      ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
      (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes"
      ),
    ]
    for line in groups.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      if parts[1].isEmpty {
        files.append(
          (
            "/sys/fs/cgroup\(parts[2])/memory.max", "/sys/fs/cgroup\(parts[2])/memory.current"
          ))
      } else if parts[1] == "memory" {
        let folder = "/sys/fs/cgroup/memory\(parts[2])"
        files.append(
          ("\(folder)/memory.limit_in_bytes", "\(folder)/memory.usage_in_bytes"))
      }
    }
    return files
  }

  /// Threads that ran or waited to run, averaged over the last minute.
  static var load: Double? {
    (contents(at: "/proc/loadavg") ?? "").split(separator: " ").first.flatMap { Double($0) }
  }

  /// Processors' worth of time that the group may use; nil without a limit.
  static var processorQuota: Double? {
    let words = (contents(at: "/sys/fs/cgroup/cpu.max") ?? "").split(whereSeparator: \.isWhitespace)
    guard words.count == 2, let quota = Double(words[0]), let period = Double(words[1]),
      period > 0
    else { return nil }
    return quota / period
  }

  /// A small file of the system's as text.
  static func contents(at path: String) -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }
}
