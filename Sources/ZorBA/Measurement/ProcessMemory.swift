#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Memory of this process as the operating system counts it.
///
/// Resident are the process's own pages (RssAnon) and the pages of mapped files that it has touched and
/// not given back (RssFile, RssShmem): the program, checkpoints while they are read, and under a
/// memory budget the file that the weights lie in. What the system caches of files beyond that belongs
/// to no process and is not counted.
public struct ProcessMemory: Sendable, Hashable {
  /// Resident bytes now: private pages and mapped file pages alike.
  public var residentBytes: Int
  /// The largest `residentBytes` since the process began, or since `resetPeak()`.
  public var peakBytes: Int
  /// Resident bytes that belong to this process alone.
  public var privateBytes: Int

  /// Reads the counters; zeros where the system does not tell.
  public static func current() -> ProcessMemory {
    let fields = statusFields()
    return ProcessMemory(
      residentBytes: fields["VmRSS"] ?? 0, peakBytes: fields["VmHWM"] ?? 0,
      privateBytes: fields["RssAnon"] ?? 0)
  }

  /// Sets the peak back to what is resident now, where the system allows it.
  public static func resetPeak() {
    try? Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
  }

  private static func statusFields() -> [String: Int] {
    guard let data = FileManager.default.contents(atPath: "/proc/self/status") else { return [:] }
    var fields: [String: Int] = [:]
    for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
      let words = line.split(whereSeparator: { $0 == ":" || $0 == "\t" || $0 == " " })
      if words.count == 3, words[2] == "kB", let kilobytes = Int(words[1]) {
        fields[String(words[0])] = kilobytes * 1024
      }
    }
    return fields
  }
}
