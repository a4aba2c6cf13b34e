import ZorBA
import ZorBADiagnostics

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Runs that were masked on condition that sites can form groups, which they cannot.
extension Coordinator {
  /// Begins a run anew in the clear. It has no round and no plan, so nothing is lost but its header,
  /// which said that it is masked: sites are shown another one, and judge that by their policies.
  func goClear(
    _ name: String, _ configuration: RunConfiguration, because reason: String
  ) async {
    guard let host = hosts[name] else { return }
    await host.retire()
    guard hosts[name] === host else { return }
    var run = configuration
    run.secureAggregation.mode = .off
    do {
      // The old host holds a lock on the file that it has open, not on its name.
      for file in [host.folder.metrics, host.folder.configuration, host.folder.journal]
      where FileManager.default.fileExists(atPath: file) {
        try FileManager.default.removeItem(atPath: file)
      }
      hosts[name] = nil
      try open(run, named: name, clearBecause: reason)
    } catch {
      hosts[name] = host
      await host.reinstate(error)
    }
  }
}
