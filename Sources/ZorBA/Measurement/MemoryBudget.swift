import ZorBADiagnostics
import ZorBATensor

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A limit on the resident memory of this process, and where the weights lie under it.
///
/// What counts is what the system counts as resident: the process's own pages and the pages of files
/// that are mapped and touched, the weights' own file included. What the system keeps in its cache of
/// files without being asked does not count; it gives that up for whoever needs memory.
package struct MemoryBudget: Sendable, Equatable {
  /// Bytes that may be resident.
  package let byteCount: Int
  /// Where the file of weights lies.
  package let folder: String
  /// What the limit is called where it was set.
  package let field: String

  package init(byteCount: Int, folder: String, field: String) {
    self.byteCount = byteCount
    self.folder = folder
    self.field = field
  }

  /// The limit of a run, its weights beside the run's other files; nil without one.
  package init?(_ configuration: RunConfiguration) {
    guard configuration.memory.budgetMiB > 0 else { return nil }
    self.init(
      byteCount: configuration.memory.budgetMiB << 20,
      folder: Self.existingFolder(at: configuration.out), field: "memory.budget_mib")
  }

  /// A limit of so many MiB, the weights among temporary files; nil is none.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when it is out of range.
  package init?(mebibytes: Int?, field: String) throws {
    guard let mebibytes else { return nil }
    guard (1...MemoryConfiguration.largestBudgetMiB).contains(mebibytes) else {
      throw ZorBAError(
        .invalidConfiguration, "\(mebibytes) MiB cannot be used", at: .init(field: field),
        advice: "Use 1 to \(MemoryConfiguration.largestBudgetMiB).")
    }
    // /tmp often lies in memory, where a file would save none.
    self.init(
      byteCount: mebibytes << 20,
      folder: ProcessInfo.processInfo.environment["TMPDIR"] ?? "/var/tmp", field: field)
  }

  /// The folder itself or, while it is still to be made, the nearest one above it.
  static func existingFolder(at path: String) -> String {
    var parts = path.split(separator: "/", omittingEmptySubsequences: false)
    while !parts.isEmpty {
      let folder = parts.joined(separator: "/")
      var isFolder = false
      if FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder {
        return folder
      }
      parts.removeLast()
    }
    return path.hasPrefix("/") ? "/" : "."
  }

  /// Bytes that evaluations may take for activations: half of what is free, so that the rest keeps
  /// weights from being streamed.
  func activationShare(beside needed: Int) -> Int { max(0, byteCount - needed) / 2 }

  /// Gives weights what is left beside everything else.
  ///
  /// - Parameters:
  ///   - residency: Whose capacity is set.
  ///   - besides: Bytes that everything but the weights takes at its peak.
  /// - Throws: `ZorBAError` with code `invalidConfiguration`, naming the least limit that works, when
  ///   not even one block can be there at a time.
  func allot(_ residency: WeightResidency, besides: Int) throws {
    let needed = besides + residency.leastCapacity
    guard needed <= byteCount else {
      // The counters waver by a few hundred KiB from run to run.
      let least = (needed >> 20) + 2
      throw ZorBAError(
        .invalidConfiguration,
        "\(byteCount >> 20) MiB cannot hold this process with its activations (\(besides >> 20) MiB) "
          + "and one block at a time (\((residency.leastCapacity >> 20) + 1) MiB)",
        at: .init(field: field),
        advice: "Use \(least) MiB or more, a smaller batch or shorter examples.")
    }
    residency.capacity = byteCount - besides
  }

  /// Resident bytes of this process without any weights.
  static func residentBytes(without residency: WeightResidency?) -> Int {
    residency?.releaseAll()
    return ProcessMemory.current().residentBytes
  }
}
