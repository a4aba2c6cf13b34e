import Testing
import ZorBADiagnostics

@testable import ZorBAPlanning

@Suite("Changes to a problem")
struct ProblemChangeTests {
  @Test(
    "are read",
    arguments: [
      ("client+=1024", ProblemChange.addClient(budget: 1024)),
      ("client+=1.5GiB", .addClient(budget: 0x1.8p30)),
      ("client+=none", .addClient(budget: .infinity)),
      ("client-=clinic", .removeClient("clinic")), ("client-=2", .removeClient("2")),
      ("budget:a=b=512MiB", .budget(client: "a=b", bytes: 0x1p29)),
      ("budget:0=none", .budget(client: "0", bytes: .infinity)),
      ("min_clients=3", .minimumClients(3)), ("deadline=2.5", .deadline(2.5)),
      ("deadline=none", .deadline(nil)),
    ])
  func reading(text: String, change: ProblemChange) throws {
    #expect(try ProblemChange(text) == change)
  }

  @Test(
    "that make no sense are refused with examples",
    arguments: [
      "", "=", "client", "client+=", "client+=x", "client+=-1", "client+=nan", "client+=1e300",
      "budget:=1", "budget=1", "min_clients=-1", "min_clients=two", "deadline=0", "deadline=inf",
      "unknown=1",
    ])
  func refusal(text: String) throws {
    let error = try #require(throws: ZorBAError.self) { try ProblemChange(text) }
    #expect(error.code == .invalidConfiguration && error.advice?.hasPrefix("Examples") == true)
  }

  @Test("add a client like the one with the nearest budget")
  func addition() throws {
    let instance = try Goldens.instance("i2")
    let changed = try ProblemChange("client+=60").applied(to: instance)
    let problem = changed.problem
    #expect(problem.clientCount == 5 && problem.budgets == [40, 40, 50, 70, 60])
    #expect(problem.sites[4].fixedBytes == 20)
    #expect(problem.convergence.weights.allSatisfy { abs($0 - 0.2) < 1e-12 })
    #expect(changed.names.last == "client 4" && Set(changed.names).count == 5)
    #expect(problem.convergence.sensitivity.clientCount == 5)
  }

  @Test("take a client away with all that is said of it")
  func removal() throws {
    var instance = try Goldens.instance("i2")
    instance.problem.required = [0: [1], 3: [2]]
    instance.problem.forbidden = [1: [0], 2: [4]]
    let changed = try ProblemChange("client-=client 1").applied(to: instance)
    #expect(changed.problem.budgets == [40, 50, 70])
    #expect(changed.problem.required == [0: [1], 2: [2]])
    #expect(changed.problem.forbidden == [1: [4]])
    #expect(changed.names == ["client 0", "client 2", "client 3"])
    #expect(changed.problem.sites.map(\.fixedBytes) == [10, 20, 20])
  }

  @Test("leave the last client")
  func last() throws {
    var instance = try Goldens.instance("i1")
    for _ in 0..<3 { instance = try ProblemChange("client-=0").applied(to: instance) }
    #expect(throws: ZorBAError.self) { try ProblemChange("client-=0").applied(to: instance) }
  }

  @Test("name the client that is not there, and the one that was meant")
  func stranger() throws {
    let instance = try Goldens.instance("i1")
    let error = try #require(throws: ZorBAError.self) {
      try ProblemChange("budget:cliemt 2=1").applied(to: instance)
    }
    #expect(error.advice == "Did you mean 'client 2'?")
    #expect(throws: ZorBAError.self) { try ProblemChange("client-=4").applied(to: instance) }
  }

  @Test("of rules and budgets change nothing else")
  func rules() throws {
    let instance = try Goldens.instance("i3")
    let changes = try ["budget:4=none", "min_clients=1", "deadline=8"].map(ProblemChange.init)
    let problem = try changes.reduce(instance) { try $1.applied(to: $0) }.problem
    #expect(problem.budgets == [17, 17, 21, 21, .infinity])
    #expect(problem.minimumClients == 1 && problem.deadline == 8)
    #expect(problem.convergence.weights == instance.problem.convergence.weights)
  }
}
