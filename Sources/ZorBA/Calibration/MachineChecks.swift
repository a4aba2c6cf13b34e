import ZorBATensor

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension HealthCheck {
  /// The processor, threads, memory, clock and limits of this process.
  ///
  /// - Parameter threads: What was asked for; nil uses every processor.
  package static func machine(threads: Int? = nil) -> [HealthCheck] {
    [
      processor(), self.threads(threads), load(SystemFacts.load), memory(SystemFacts.memory),
      clock(), openFiles(),
    ]
  }

  private static func processor() -> HealthCheck {
    let features = SystemFacts.processorFeatures.joined(separator: " ")
    let processor = SystemFacts.processorName + (features.isEmpty ? "" : " (\(features))")
    do {
      let chosen = try InstructionSet.selected()
      let best = InstructionSet.available.last ?? .scalar
      let products =
        chosen == .avx2bf16
        ? "bfloat16 products emulated"
        : chosen.multipliesBFloat16 ? "native bfloat16 products" : "no bfloat16 products"
      let finding = "\(processor), uses \(chosen.rawValue), \(products)"
      if chosen == .scalar {
        return HealthCheck(
          "processor", .warning, finding,
          advice: "Portable code is many times slower; use a processor with AVX2 or a 64-bit Arm.")
      }
      if chosen != best {
        return HealthCheck(
          "processor", .warning, finding,
          advice: "ZORBA_ISA keeps it from \(best.rawValue); unset it for full speed.")
      }
      return HealthCheck("processor", .ok, finding)
    } catch {
      return HealthCheck(
        "processor", .problem, processor, advice: "\(error)")
    }
  }

  private static func threads(_ wanted: Int?) -> HealthCheck {
    let processors = ProcessInfo.processInfo.activeProcessorCount
    let threads = wanted ?? processors
    let finding = "\(threads) threads on \(processors) processors"
    if let quota = SystemFacts.processorQuota, Double(threads) > quota + 0.5 {
      return HealthCheck(
        "threads", .warning, finding + ", of which this group may use \(quota)",
        advice: "Give --threads \(max(1, Int(quota))): threads beyond that wait for each other.")
    }
    if threads > processors {
      return HealthCheck(
        "threads", .warning, finding,
        advice: "Give --threads \(processors) or fewer: threads beyond that wait for each other.")
    }
    return HealthCheck("threads", .ok, finding)
  }

  /// Whether other programs compete for the processors: no calibration is better than its machine.
  ///
  /// - Parameter waiting: Threads that ran or waited to, averaged over a minute; nil when not known.
  static func load(_ waiting: Double?) -> HealthCheck {
    guard let waiting else { return HealthCheck("load", .ok, "the system does not tell") }
    let processors = ProcessInfo.processInfo.activeProcessorCount
    let finding = "\(waiting) threads ran or waited in the last minute"
    guard waiting > Double(processors) / 4 else { return HealthCheck("load", .ok, finding) }
    return HealthCheck(
      "load", .warning, finding,
      advice: "Other programs are running: times will be longer than need be, and a calibration "
        + "off. Calibrate when the machine is idle.")
  }

  static func memory(_ memory: SystemFacts.Memory) -> HealthCheck {
    guard memory.total > 0 else {
      return HealthCheck("memory", .warning, "the system does not tell")
    }
    var finding = "\(bytes(memory.available)) of \(bytes(memory.total)) available"
    if let limit = memory.limit {
      finding += ", this group may use \(bytes(limit)) and uses \(bytes(memory.used ?? 0))"
    }
    guard memory.reachable >= leastMemory else {
      return HealthCheck(
        "memory", .warning, finding,
        advice: "Little is left: set memory.budget_mib, or end what else runs.")
    }
    return HealthCheck("memory", .ok, finding)
  }

  /// What the smallest useful models need with room to spare.
  private static let leastMemory = 512 << 20

  /// Certificates, logs and round times need a clock that is about right.
  private static func clock() -> HealthCheck {
    var resolution = timespec()
    guard clock_getres(CLOCK_MONOTONIC, &resolution) == 0 else {
      return HealthCheck("clock", .problem, "there is no monotonic clock")
    }
    let now = Date()
    let finding = "\(now.formatted(.iso8601)), resolution \(resolution.tv_nsec) ns"
    if now.timeIntervalSince1970 < earliestDate {
      return HealthCheck(
        "clock", .problem, finding,
        advice: "The date is in the past; set the clock, for example with chrony.")
    }
    if resolution.tv_sec > 0 || resolution.tv_nsec > 1_000_000 {
      return HealthCheck("clock", .warning, finding, advice: "Times will be coarse.")
    }
    return HealthCheck("clock", .ok, finding)
  }

  /// The start of 2025, before the first version.
  private static let earliestDate = 1_735_689_600.0

  private static func openFiles() -> HealthCheck {
    var limit = rlimit()
    #if canImport(Glibc)
      let status = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    #else
      let status = getrlimit(RLIMIT_NOFILE, &limit)
    #endif
    guard status == 0 else {
      return HealthCheck("open files", .warning, "the system does not tell")
    }
    let count = Int(clamping: limit.rlim_cur)
    guard count < leastFiles else {
      return HealthCheck("open files", .ok, count > 1 << 40 ? "no limit" : "\(count) at most")
    }
    return HealthCheck(
      "open files", .warning, "\(count) at most",
      advice: "A server of many sites needs more: ulimit -n \(leastFiles).")
  }

  private static let leastFiles = 1024
}
