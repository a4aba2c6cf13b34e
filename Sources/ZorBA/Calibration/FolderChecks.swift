import ZorBADiagnostics
import ZorBAPlanning

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension HealthCheck {
  /// Room, kind and speed of the folders that runs write to.
  ///
  /// - Parameters:
  ///   - output: Where runs go; of a folder still to be made, the nearest above it.
  ///   - temporary: Where weights under a memory budget lie for commands without a run.
  package static func folders(output: String, temporary: String) -> [HealthCheck] {
    let output = MemoryBudget.existingFolder(at: output)
    return [
      disk(output, name: "output folder"), durability(output),
      disk(temporary, name: "temporary folder"),
    ]
  }

  private static func disk(_ folder: String, name: String) -> HealthCheck {
    var disk = statvfs()
    guard statvfs(folder, &disk) == 0 else {
      return HealthCheck(
        name, .problem, "\(folder): \(String(cString: strerror(errno)))",
        advice: "Name a folder that exists and can be read.")
    }
    guard access(folder, W_OK | X_OK) == 0 else {
      return HealthCheck(
        name, .problem, "\(folder): \(String(cString: strerror(errno)))",
        advice: "Name a folder that this user can write to.")
    }
    let (product, overflow) = UInt64(disk.f_bavail)
      .multipliedReportingOverflow(by: UInt64(disk.f_frsize))
    let free = overflow ? Int.max : Int(clamping: product)
    let kind = fileSystem(of: folder)
    let finding = "\(folder): \(bytes(free)) free" + (kind.map { ", \($0)" } ?? "")
    if kind == "tmpfs" || kind == "ramfs" {
      return HealthCheck(
        name, .warning, finding,
        advice:
          "It lies in memory: weights streamed from it save none, and a journal in it is gone "
          + "with the machine.")
    }
    guard free >= leastRoom else {
      return HealthCheck(
        name, .warning, finding, advice: "Make room: exports and streamed weights take gigabytes.")
    }
    return HealthCheck(name, .ok, finding)
  }

  private static let leastRoom = 1 << 30

  /// The kind of the file system that a folder lies on; nil where the system does not tell.
  static func fileSystem(of folder: String) -> String? {
    guard let resolved = realpath(folder, nil) else { return nil }
    defer { free(resolved) }
    return fileSystem(
      of: String(cString: resolved), mounts: SystemFacts.contents(at: "/proc/self/mounts") ?? "")
  }

  /// The kind of the last mount whose place is the longest part of a path: lines of
  /// `device place kind …`, blanks in them written `\040` and the like.
  static func fileSystem(of path: String, mounts: String) -> String? {
    var found: (length: Int, kind: String)?
    for line in mounts.split(separator: "\n") {
      let words = line.split(separator: " ").map(String.init)
      guard words.count >= 3 else { continue }
      let place = unescaped(words[1])
      let prefix = place.hasSuffix("/") ? place : place + "/"
      guard path == place || path.hasPrefix(prefix), place.utf8.count >= found?.length ?? 0 else {
        continue
      }
      found = (place.utf8.count, words[2])
    }
    return found?.kind
  }

  /// Turns a backslash and three octal digits back into the byte that they stand for.
  private static func unescaped(_ text: String) -> String {
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    var place = 0
    while place < bytes.count {
      let digits = bytes[min(place + 1, bytes.count)..<min(place + 4, bytes.count)]
      if bytes[place] == UInt8(ascii: "\\"), digits.count == 3,
        let byte = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
      {
        result.append(byte)
        place += 4
      } else {
        result.append(bytes[place])
        place += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// How long a round waits for its record to be on the disk.
  private static func durability(_ folder: String) -> HealthCheck {
    let name = "durable writes"
    guard let seconds = synchronizationSeconds(in: folder) else {
      return HealthCheck(
        name, .problem, "\(folder): \(String(cString: strerror(errno)))",
        advice: "The journal must be written here; name a folder that this user can write to.")
    }
    let tenths = Int((seconds * 10_000).rounded())
    let finding = "\(tenths / 10).\(tenths % 10) ms a record"
    guard seconds > slowRecord else { return HealthCheck(name, .ok, finding) }
    return HealthCheck(
      name, .warning, finding,
      advice: "Every round waits that long twice; a disk of this machine would be faster.")
  }

  private static let slowRecord = 0.02
  private static let records = 12

  /// The median time to append a record and have it on the disk; nil, with `errno`, when that fails.
  private static func synchronizationSeconds(in folder: String) -> Double? {
    var template = Array("\(folder)/.zorba-probe-XXXXXX".utf8CString)
    let descriptor = template.withUnsafeMutableBufferPointer { text in
      text.baseAddress.map { mkstemp($0) } ?? -1
    }
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    unlink(template)
    let record = [UInt8](repeating: 0x5A, count: 512)
    let clock = ContinuousClock()
    var seconds: [Double] = []
    for _ in 0..<records {
      let start = clock.now
      guard write(descriptor, record, record.count) == record.count, fsync(descriptor) == 0 else {
        return nil
      }
      seconds.append((clock.now - start) / .seconds(1))
    }
    return seconds.median
  }
}
