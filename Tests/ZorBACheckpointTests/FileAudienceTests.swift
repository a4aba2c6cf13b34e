import Foundation
import Testing
import ZorBACheckpoint

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Who may read what is written; each in a process of its own, since the umask is the whole process's.
@Suite struct FileAudienceTests {
  private static func mode(_ path: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return try #require(attributes[.posixPermissions] as? NSNumber).intValue & 0o777
  }

  @Test func aFileIsForItsOwnerUnlessTheUmaskIsToSay() async {
    await #expect(processExitsWith: .success) {
      let folder = try TemporaryFolder()
      for mask in [0, 0o022, 0o027, 0o077, 0o277] {
        umask(mode_t(mask))
        for (audience, expected) in [(FileAudience.owner, 0o600), (.umask, 0o666 & ~mask)] {
          let name = "\(audience)-\(mask)"
          let file = try AtomicFile(path: folder.path(name), audience: audience)
          for path in try folder.names() where path.hasSuffix(".tmp") {
            #expect(try Self.mode(folder.path(path)) == expected, "before it has its name")
          }
          try file.append("x")
          try file.commit()
          #expect(try Self.mode(folder.path(name)) == expected, "\(name)")
        }
      }
      // What is replaced may have been open to others.
      umask(0)
      #expect(chmod(folder.path("owner-0"), 0o666) == 0)
      try AtomicFile(path: folder.path("owner-0")).commit()
      #expect(try Self.mode(folder.path("owner-0")) == 0o600)
    }
  }

  @Test func aCheckpointIsForItsOwnerUnlessTheUmaskIsToSay() async {
    await #expect(processExitsWith: .success) {
      let folder = try TemporaryFolder()
      let base = try Checkpoint.open(directory: Golden.path("sharded"))
      for mask in [0, 0o027] {
        umask(mode_t(mask))
        for audience in [FileAudience.owner, .umask] {
          let out = folder.path("\(audience)-\(mask)")
          let names = try CheckpointWriter.export(
            base: base, tensors: WorkingCopy(of: base), to: out + "/deep", audience: audience)
          #expect(names.count > 4)
          let (file, directory) =
            audience == .owner ? (0o600, 0o700) : (0o666 & ~mask, 0o777 & ~mask)
          for name in names { #expect(try Self.mode("\(out)/deep/\(name)") == file, "\(name)") }
          for place in [out, out + "/deep"] { #expect(try Self.mode(place) == directory) }
        }
      }
    }
  }
}
