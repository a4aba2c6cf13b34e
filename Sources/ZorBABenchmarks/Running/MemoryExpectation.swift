import ZorBAJSON

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

/// What runs may take of memory, to decide how many go on at once.
package enum MemoryExpectation {
  /// What a run of a cell takes at most, roughly: weights widened to binary32, as much again for what
  /// is computed with them, and the process.
  package static func bytes(of cell: BenchmarkCell, suite: BenchmarkSuite) -> Int {
    if let size = suite.cellMiB { return size << 20 }
    guard let model = cell.parts.first?.run["model"]?.string else { return 0 }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: model)) ?? []
    let weights = names.filter { $0.hasSuffix(".safetensors") }.reduce(0) { sum, name in
      sum + size(of: "\(model)/\(name)")
    }
    return 4 * weights + (256 << 20)
  }

  private static func size(of path: String) -> Int {
    var status = stat()
    // Links are followed: checkpoints are often links into a cache.
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
  }

  /// Memory that nobody needs now; everything where the system does not tell.
  package static func available() -> Int {
    let text = String(
      decoding: FileManager.default.contents(atPath: "/proc/meminfo") ?? Data(), as: UTF8.self)
    for line in text.split(separator: "\n") where line.hasPrefix("MemAvailable:") {
      let words = line.split(separator: " ")
      if words.count == 3, let kibibytes = Int(words[1]) { return kibibytes << 10 }
    }
    return .max
  }
}
