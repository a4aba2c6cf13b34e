import Foundation
import Testing
import ZorBA
import ZorBAAudit
import ZorBACoordinator
import ZorBAEvidence

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Whatever is written is for its owner alone, even where the umask takes nothing away.
@Suite(.serialized, .timeLimit(.minutes(3))) struct FileModeTests {
  /// What is public: certificates and requests for them.
  private func isPublic(_ name: String) -> Bool {
    name.hasSuffix("certificate.pem") || name.hasSuffix("authority.pem")
      || name.hasSuffix("request.pem")
  }

  private func mode(_ path: String) throws -> (mode: Int, isFolder: Bool) {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    let mode = (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0
    return (mode & 0o777, attributes[.type] as? FileAttributeType == .typeDirectory)
  }

  /// Looks at everything below some folders; the names of the files.
  private func checked(_ roots: [String], in folder: String) throws -> Set<String> {
    var seen: Set<String> = []
    for root in roots {
      let names = try FileManager.default.subpathsOfDirectory(atPath: "\(folder)/\(root)")
      for name in names {
        let (mode, isFolder) = try mode("\(folder)/\(root)/\(name)")
        let others = mode & 0o077
        if isPublic(name) {
          #expect(others & 0o022 == 0, "\(root)/\(name) is \(String(mode, radix: 8))")
        } else {
          #expect(others == 0, "\(root)/\(name) is \(String(mode, radix: 8))")
        }
        if !isFolder { seen.insert(name.split(separator: "/").last.map(String.init) ?? name) }
      }
    }
    return seen
  }

  @Test func nobodyElseCanReadSnapshotsOrFetchedModels() async throws {
    let before = umask(0)
    defer { umask(before) }
    let run = try await ReplicaDownloadTests.FinishedRun()
    let late = try await run.late([])
    _ = try await late.outcome
    try await run.coordinator.end()
    let folder = run.federation.folder.path
    #expect(try checked(["trial/snapshots"], in: folder).contains("model.safetensors"))
    let seen = try checked(["trial", "state", "ward-1/state", "ward-2/state"], in: folder)
    for file in ["model.safetensors", "config.json", "snapshot.zorba", "run.zorba"] {
      #expect(seen.contains(file), "\(file) was not looked at")
    }
    #expect(try mode("\(folder)/trial/snapshots").mode == 0o700)
  }

  @Test func nobodyElseCanReadWhatAFederationWrites() async throws {
    let before = umask(0)
    defer { umask(before) }
    let audited = try AuditedFederation(access: nil)
    let coordinator = try await audited.coordinator(opening: true)
    let agents = [try await audited.agent(1), try await audited.agent(2)]
    for agent in agents { _ = try await agent.outcome }
    try await coordinator.state(.finished)
    try await coordinator.end()
    _ = try audited.federation.simulate()
    let folder = audited.folder.path
    let seen = try checked(
      ["trial", "state", "simulated", "pki", "identity", "ward-1/state", "ward-2/state"], in: folder
    )
    for file in [
      "run.zorba", "run.yaml", "metrics.jsonl", "result.json", "store.sqlite", "audit.jsonl",
      "audit.jsonl.key", "sent.jsonl", "key.pem", "authority.key", "register.jsonl",
    ] {
      #expect(seen.contains(file), "\(file) was not looked at")
    }
    for root in ["trial", "simulated", "pki", "identity"] {
      #expect(try mode("\(folder)/\(root)").mode == 0o700, "\(root)")
    }
  }
}
