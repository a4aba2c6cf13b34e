import Testing
import ZorBAJSON

@testable import ZorBA

/// What `zorba doctor` looks at.
@Suite struct HealthCheckTests {
  private func check(_ checks: [HealthCheck], _ name: String) throws -> HealthCheck {
    try #require(checks.first { $0.name == name })
  }

  @Test func whateverIsNotWellHasAdvice() {
    let checks =
      HealthCheck.machine(threads: 900)
      + HealthCheck.folders(output: "/proc/none", temporary: "/nowhere")
    #expect(Set(checks.map(\.name)).count == checks.count)
    for check in checks where check.status != .ok {
      #expect(check.advice?.isEmpty == false, "\(check.name)")
    }
    #expect(checks.first { $0.name == "threads" }?.status == .warning)
    #expect(checks.first { $0.name == "temporary folder" }?.status == .problem)
  }

  @Test func foldersAreTriedAndLeftAsTheyWere() throws {
    let folder = try TemporaryFolder()
    let checks = HealthCheck.folders(
      output: folder.path("runs/still/to/be/made"), temporary: folder.path)
    #expect(try check(checks, "durable writes").status != .problem)
    #expect(try check(checks, "output folder").finding.hasPrefix(folder.path))
    #expect(try names(in: folder.path).isEmpty)
  }

  @Test func fileSystemsAreThoseOfTheNearestMount() {
    let mounts = """
      /dev/vda / ext4 rw 0 0
      tmpfs /tmp tmpfs rw 0 0
      /dev/vdb /tmp/with\\040blank xfs rw 0 0
      cut short
      """
    #expect(HealthCheck.fileSystem(of: "/", mounts: mounts) == "ext4")
    #expect(HealthCheck.fileSystem(of: "/tmpfoo", mounts: mounts) == "ext4")
    #expect(HealthCheck.fileSystem(of: "/tmp/a", mounts: mounts) == "tmpfs")
    #expect(HealthCheck.fileSystem(of: "/tmp/with blank/a", mounts: mounts) == "xfs")
    #expect(HealthCheck.fileSystem(of: "/a", mounts: "") == nil)
  }

  @Test func busyMachinesAreToldApart() {
    #expect(HealthCheck.load(0).status == .ok && HealthCheck.load(nil).status == .ok)
    #expect(HealthCheck.load(10_000).status == .warning)
  }

  @Test func groupsLimitMemory() {
    var memory = SystemFacts.Memory(total: 64 << 30, available: 32 << 30)
    #expect(HealthCheck.memory(memory).status == .ok)
    #expect(HealthCheck.room(for: 30 << 30, in: memory).status == .warning)
    #expect(HealthCheck.room(for: 1 << 30, in: memory).status == .ok)
    memory.limit = 1 << 30
    memory.used = 900 << 20
    #expect(memory.reachable == 124 << 20)
    #expect(HealthCheck.memory(memory).status == .warning)
    #expect(HealthCheck.room(for: 1 << 30, in: memory).status == .warning)
  }

  @Test func pointersAreNoWeights() throws {
    let run = try TinyRun()
    #expect(HealthCheck.model(run.configuration.model).allSatisfy { $0.status == .ok })
    try run.folder.write(
      "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
      to: "model/model.safetensors")
    let pointer = HealthCheck.model(run.configuration.model)
    #expect(pointer.count == 1 && pointer[0].status == .problem)
    #expect(pointer[0].advice?.contains("git lfs pull") == true)
    try run.folder.write("{", to: "model/model.safetensors")
    let damaged = HealthCheck.model(run.configuration.model)
    #expect(damaged.count == 1 && damaged[0].status == .problem && damaged[0].advice != nil)
    let missing = HealthCheck.model(run.folder.path("nothing"))
    #expect(missing.count == 1 && missing[0].status == .problem)
  }

  @Test func numbersAreReadable() {
    #expect(HealthCheck.bytes(0) == "0 B" && HealthCheck.bytes(1023) == "1023 B")
    #expect(HealthCheck.bytes(1536) == "1.5 KiB")
    #expect(HealthCheck.bytes(3 << 30) == "3.0 GiB")
    #expect(HealthCheck.bytes(.max) == "\(Int.max) B")
    let json = HealthCheck("a", .warning, "b", advice: "c").json
    #expect(json["status"]?.string == "warning" && json["advice"]?.string == "c")
  }
}
