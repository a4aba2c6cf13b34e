import Testing
import ZorBADiagnostics
import ZorBAStore

@Suite struct RequestTests {
  private let digest = String(repeating: "0f", count: 32)

  private func request() -> StoredRequest {
    StoredRequest(
      run: "alpha", digest: digest, configuration: "model: m\n",
      requestedBy: "zorba://f/operator/ada", requestedAt: 5, required: 2)
  }

  private func approval(_ name: String, _ time: Double = 6) -> StoredRequest.Approval {
    .init(approver: "zorba://f/operator/\(name)", time: time)
  }

  @Test func approvalsOfDistinctOthersAreKeptThroughARestart() throws {
    let folder = try TemporaryFolder()
    var store = try folder.open()
    try store.save(request())
    #expect(throws: ZorBAError.self) {
      try store.approve("alpha", digest: digest, by: approval("ada"))
    }
    try store.approve("alpha", digest: digest, by: approval("bob", 6))
    #expect(throws: ZorBAError.self) {
      try store.approve("alpha", digest: digest, by: approval("bob", 7))
    }
    try store.close()
    store = try folder.open()
    try store.approve("alpha", digest: digest, by: approval("cy", 8))
    try store.release("alpha", at: 9)
    let kept = try #require(try store.request(of: "alpha"))
    #expect(kept.approvals == [approval("bob", 6), approval("cy", 8)])
    #expect(kept.counted == 2 && kept.releasedAt == 9)
    #expect(try store.requests() == [kept])
  }

  @Test func anApprovalIsOfOneDigest() throws {
    let store = try CoordinatorStore.inMemory()
    try store.save(request())
    let other = String(repeating: "1f", count: 32)
    #expect(throws: ZorBAError.self) {
      try store.approve("alpha", digest: other, by: approval("bob"))
    }
    #expect(throws: ZorBAError.self) {
      try store.approve("beta", digest: digest, by: approval("bob"))
    }
    try store.approve("alpha", digest: digest, by: approval("bob"))
    var changed = request()
    changed.digest = other
    try store.save(changed)
    #expect(try store.request(of: "alpha")?.approvals.isEmpty == true)
  }

  @Test func aBranchIsKeptWithItsRequestAndGoesWithIt() throws {
    let folder = try TemporaryFolder()
    var store = try folder.open()
    var branching = request()
    branching.branch = .init(source: "flowers", round: 7, chain: String(repeating: "a5", count: 16))
    try store.save(branching)
    try store.approve("alpha", digest: digest, by: approval("bob"))
    try store.close()
    store = try folder.open()
    #expect(try store.request(of: "alpha")?.branch == branching.branch)
    #expect(try store.requests().map(\.branch) == [branching.branch])
    try store.save(request())
    #expect(try store.request(of: "alpha")?.branch == nil)
    branching.branch?.round = -1
    #expect(throws: ZorBAError.self) { try store.save(branching) }
  }

  @Test(arguments: ["", "0F", "zz"])
  func onlyDigestsAreDigests(text: String) throws {
    let store = try CoordinatorStore.inMemory()
    var request = request()
    request.digest = String(repeating: text, count: 32)
    #expect(throws: ZorBAError.self) { try store.save(request) }
    #expect(try store.requests().isEmpty)
  }
}
