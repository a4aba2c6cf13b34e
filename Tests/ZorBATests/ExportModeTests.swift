import Foundation
import Testing
import ZorBA

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What a run leaves is for its owner alone; what is exported of it, for whom the umask says.
@Suite struct ExportModeTests {
  private static func modes(_ folder: String) throws -> [String: Int] {
    var found: [String: Int] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder) + ["."] {
      let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
      found[name] = try #require(attributes[.posixPermissions] as? NSNumber).intValue & 0o777
    }
    return found
  }

  /// In a process of its own: the umask is the whole process's.
  @Test func onlyExportsFollowTheUmask() async {
    await #expect(processExitsWith: .success) {
      umask(0o027)
      let run = try TinyRun()
      let result = try run.run()
      let left = try Self.modes(run.configuration.out)
      #expect(left["run.zorba"] == 0o600 && left["result.json"] == 0o600)
      #expect(left.values.allSatisfy { $0 == 0o600 || $0 == 0o700 }, "\(left)")
      let model = try FineTunedModel(
        path: run.configuration.model, journal: result.journalPath, threads: 1)
      let target = run.folder.path("exported")
      try model.export(to: target)
      let exported = try Self.modes(target)
      #expect(exported["model.safetensors"] == 0o640 && exported["."] == 0o750)
      #expect(exported.values.allSatisfy { $0 == 0o640 || $0 == 0o750 }, "\(exported)")
      try model.writeLogits(of: [1, 2], to: target + "/logits.safetensors")
      #expect(try Self.modes(target)["logits.safetensors"] == 0o600)
    }
  }
}
