import Testing

@testable import ZorBASecureAggregation

/// Nothing secret outlives a session, however it ends.
@Suite struct ErasureTests {
  @Test func secretsGoWithTheSession() throws {
    let staged = try Staged()
    weak let secrets: SiteSecrets? = try staged.site(1).secrets
    weak let seed: SecretBytes? = secrets?.seed
    weak let shared: SecretBytes? = secrets?.shared
    for _ in 0..<3 {
      #expect(secrets != nil && seed != nil && shared != nil)
      try staged.step()
    }
    weak let held: SecretBytes? = secrets?.held[1]
    #expect(held != nil)
    try staged.step()
    #expect(staged.server.result != nil)
    #expect(try staged.site(1).phase == .finished)
    #expect(secrets == nil && seed == nil && shared == nil && held == nil)
    #expect(try staged.site(1).vector == nil)
    // What the coordinator collected is gone as well.
    #expect(staged.server.recovered.isEmpty && staged.server.sealed.isEmpty)
  }

  @Test func abandoningAndLettingGoErase() throws {
    let staged = try Staged()
    weak let abandoned: SiteSecrets? = try staged.site(1).secrets
    try staged.site(1).abandon()
    #expect(abandoned == nil)
    #expect(try staged.site(1).phase == .refused)
    #expect(throws: (any Error).self) { try staged.site(1).receive(try staged.message(1)) }
    #expect(throws: (any Error).self) { try staged.site(1).provide(vector: [1, 2]) }
    #expect(throws: (any Error).self) { try staged.site(1).start() }
    weak let dropped: SiteSecrets? = try staged.site(2).secrets
    #expect(dropped != nil)
    staged.sites[2] = nil
    #expect(dropped == nil)
  }

  @Test func erasingOverwrites() {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 100, alignment: 1)
    defer { memory.deallocate() }
    memory.initializeMemory(as: UInt8.self, repeating: 0xAA)
    SecretBytes.erase(memory)
    #expect(memory.allSatisfy { $0 == 0 })
  }

  @Test func theVectorIsMaskedOnceAndNotKept() throws {
    let staged = try Staged()
    #expect(throws: (any Error).self) { try staged.site(1).provide(vector: [1, 2]) }
    #expect(throws: (any Error).self) { try staged.site(1).provide(vector: [1]) }
    for _ in 0..<2 { try staged.step() }
    #expect(try staged.site(1).phase == .masked)
    #expect(try staged.site(1).vector == nil)
    #expect(throws: (any Error).self) { try staged.site(1).provide(vector: [1, 2]) }
    for _ in 0..<2 { try staged.step() }
    #expect(staged.server.result?.sum == [15, 15])
  }
}
