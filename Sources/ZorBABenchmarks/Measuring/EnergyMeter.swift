#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Energy that the processor counts itself (RAPL), summed over its packages.
///
/// Counters wrap around, at a busy package after some minutes: read more often than that.
package struct EnergyMeter {
  /// Reads a file of a zone as text; nil where it cannot be read.
  package typealias Reader = (String) -> String?

  private struct Package {
    var path: String
    /// Where the counter begins again, in microjoules.
    var range: UInt64
    var last: UInt64
  }

  private var packages: [Package]
  private let read: Reader
  /// Energy counted so far, in joules; nil where nothing can be read.
  package private(set) var joules: Double?

  /// Takes the first reading.
  ///
  /// - Parameters:
  ///   - zones: Folders that may be zones of packages.
  ///   - read: Reads a file of them.
  package init(zones: [String], read: @escaping Reader) {
    self.read = read
    packages = zones.compactMap { path in
      guard read("\(path)/name")?.hasPrefix("package") == true,
        let range = read("\(path)/max_energy_range_uj").flatMap({ UInt64($0) }),
        let last = read("\(path)/energy_uj").flatMap({ UInt64($0) })
      else { return nil }
      return Package(path: path, range: range, last: last)
    }
    joules = packages.isEmpty ? nil : 0
  }

  /// The meter of this machine.
  package static func system() -> EnergyMeter {
    let folder = "/sys/class/powercap"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    // `intel-rapl:0:1` is part of `intel-rapl:0`.
    let zones = names.filter { $0.hasPrefix("intel-rapl:") && $0.count(where: { $0 == ":" }) == 1 }
    return EnergyMeter(zones: zones.sorted().map { "\(folder)/\($0)" }) { path in
      FileManager.default.contents(atPath: path).map {
        let text = String(decoding: $0, as: UTF8.self)
        return text.last == "\n" ? String(text.dropLast()) : text
      }
    }
  }

  /// Takes another reading; a package that can no longer be read ends the measurement, for what it
  /// used from then on would be missing.
  package mutating func update() {
    guard var total = joules else { return }
    for index in packages.indices {
      guard let now = read("\(packages[index].path)/energy_uj").flatMap({ UInt64($0) }) else {
        joules = nil
        return
      }
      let last = packages[index].last
      let used = now >= last ? now - last : packages[index].range &- last &+ now
      packages[index].last = now
      total += Double(used) / 1e6
    }
    joules = total
  }
}
