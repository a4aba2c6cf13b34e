import Testing
import ZorBADiagnostics

@testable import ZorBAPlanning

@Suite("Instance files")
struct InstanceFileTests {
  /// The least there can be.
  private static let least = [
    ("clients", "3"), ("blocks", "2"), ("block_parameters", "[10, 20]"),
    ("gradient_energy", "[1, 2]"), ("client_spread", "1"), ("sample_noise", "4"),
    ("lambda", "0.5"),
  ]

  private func parse(_ text: String) throws -> PlanningInstance {
    try InstanceFile.parse(Array(text.utf8), file: "i.json")
  }

  /// The least instance, with members more or in place of its own.
  private func instance(_ members: String = "\"names\": null") -> String {
    let key = members.split(separator: "\"").first.map(String.init) ?? ""
    let rest = Self.least.filter { $0.0 != key }.map { "\"\($0.0)\": \($0.1)" }
    return "{\n" + ([members] + rest).joined(separator: ",\n") + "}"
  }

  @Test("fill in what is left out")
  func defaults() throws {
    let instance = try parse(instance())
    let problem = instance.problem
    #expect(instance.names == ["client 0", "client 1", "client 2"])
    #expect(problem.convergence.weights == Array(repeating: 1.0 / 3, count: 3))
    #expect(problem.convergence.sensitivity.clientSpread == [1, 1])
    #expect(problem.convergence.sensitivity.sampleNoise == Array(repeating: [4, 4], count: 3))
    #expect(problem.convergence.directions == 1 && problem.convergence.seeding == .shared)
    #expect(problem.convergence.excessKurtosis == 0 && problem.convergence.countsMinibatchNoise)
    #expect(problem.budgets.allSatisfy { $0 == .infinity })
    #expect(problem.minimumClients == 1 && problem.minimumBlocks == 0 && problem.deadline == nil)
    #expect(problem.stages == [.convergence, .memory, .time] && problem.epsilon == [0.05, 0.05])
    #expect(problem.rotation == .fixed && problem.groups.isEmpty && problem.required.isEmpty)
    #expect(problem.sites[1].memory([true, true]) == 2)
  }

  @Test("cost what the formula says: once below the first active block, 2P times from it on")
  func time() throws {
    let members = #""directions": 3, "prefix_cost": [2, 3], "suffix_cost": [5, 7]"#
    let site = try parse(instance(members)).problem.sites[0]
    #expect(site.seconds([true, false]) == 6 * 12)
    #expect(site.seconds([false, true]) == 2 + 6 * 7)
    #expect(site.seconds([false, false]) == 0)
  }

  @Test("take every key")
  func everything() throws {
    let instance = try parse(
      """
      {"clients": 2, "blocks": 3, "block_parameters": 5, "gradient_energy": 1, "client_spread": 2,
       "sample_noise": [[1, 2, 3], 4], "lambda": 0.1, "directions": 2, "seeding": "perClient",
       "weights": [1, 3], "fixed_bytes": [7, 8], "resident_bytes": [1, 2, 4],
       "budget_bytes": [null, 12], "min_clients": 0, "epsilon": 0.1, "stages": ["memory", "time"],
       "deadline": 9.5, "required": [[0, 1], [0, 2]], "forbidden": [[1, 0]],
       "together": [[2, 1]], "min_blocks_per_client": 1,
       "rotate": {"length": 4, "window": 3, "minimum_share": 0.5}, "kurtosis": 3,
       "minibatch_term": true, "names": ["bank", "clinic"]}
      """)
    let problem = instance.problem
    #expect(instance.names == ["bank", "clinic"])
    #expect(problem.convergence.weights == [0.25, 0.75])
    #expect(problem.convergence.sensitivity.sampleNoise == [[1, 2, 3], [4, 4, 4]])
    #expect(problem.convergence.seeding == .perClient && problem.convergence.countsMinibatchNoise)
    #expect(problem.convergence.excessKurtosis == 1)
    #expect(problem.budgets == [.infinity, 12] && problem.deadline == 9.5)
    #expect(problem.sites[1].memory([true, false, true]) == 13)
    #expect(problem.required == [0: [1, 2]] && problem.forbidden == [1: [0]])
    #expect(problem.groups == [[1, 2]])
    #expect(problem.stages == [.memory, .time] && problem.epsilon == [0.1])
    #expect(problem.minimumClients == 0 && problem.minimumBlocks == 1)
    #expect(problem.rotation == .init(length: 4, window: 3, minimumShare: 0.5))
  }

  @Test(
    "name what is wrong",
    arguments: [
      (#""clients": 0"#, "clients"), (#""clients": 1.5"#, "clients"),
      (#""clients": 100001"#, "clients"), (#""blocks": 4097"#, "blocks"),
      (#""sample_noise": [1, 2, 3]"#, "sample_noise"), (#""sample_noise": -1"#, "sample_noise"),
      (#""lambda": 1e300"#, "lambda"), (#""lambda": "1""#, "lambda"),
      (#""lambda": null"#, "lambda"),
      (#""directions": 0"#, "directions"), (#""seeding": "none""#, "seeding"),
      (#""weights": [1, 1, 0]"#, "weights"), (#""weights": [1, 1]"#, "weights"),
      (#""weights": [1e-6, 1, 1e9]"#, "weights"), (#""budget_bytes": [1, 2]"#, "budget_bytes"),
      (#""budget_bytes": [1, 2, "3"]"#, "budget_bytes"), (#""min_clients": 4"#, "min_clients"),
      (#""prefix_cost": 9"#, "prefix_cost"), (#""suffix_cost": 0.1"#, "suffix_cost"),
      (#""epsilon": [0.1]"#, "epsilon"), (#""epsilon": [0.1, -0.1]"#, "epsilon"),
      (#""stages": []"#, "stages"), (#""stages": ["memory", "memory"]"#, "stages"),
      (#""stages": ["cost"]"#, "stages"), (#""deadline": 0"#, "deadline"),
      (#""required": [[3, 0]]"#, "required"), (#""required": [[0]]"#, "required"),
      (#""forbidden": [[0, 2]]"#, "forbidden"), (#""forbidden": {}"#, "forbidden"),
      (#""required": [[0, 1]], "forbidden": [[0, 1]]"#, "forbidden"),
      (#""together": [[0, 1], [1]]"#, "together"), (#""together": [0]"#, "together"),
      (#""min_blocks_per_client": 3"#, "min_blocks_per_client"), (#""rotate": 4"#, "rotate"),
      (#""rotate": {"length": 0}"#, "rotate.length"), (#""rotate": {}"#, "rotate.length"),
      (#""rotate": {"length": 2, "share": 1}"#, "rotate.share"), (#""kurtosis": 0"#, "kurtosis"),
      (#""minibatch_term": 1"#, "minibatch_term"), (#""names": ["a", "b", "a"]"#, "names"),
      (#""names": ["a", "b"]"#, "names"), (#""names": ["a", "b", ""]"#, "names"),
    ])
  func faults(members: String, field: String) throws {
    let text = instance(members)
    let error = try #require(throws: ZorBAError.self) { try parse(text) }
    #expect(error.code == .invalidConfiguration)
    #expect(error.location.field == field && error.location.file == "i.json")
    #expect((error.location.line ?? 0) > 0 || members == #""rotate": {}"#)
  }

  @Test(
    "guess what a misspelt key means",
    arguments: [
      ("budget_byte", "budget_bytes"), ("gradientenergy", "gradient_energy"), ("lamdba", "lambda"),
      ("sample-noise", "sample_noise"), ("requierd", "required"),
    ])
  func typos(written: String, meant: String) throws {
    let text = instance("\"\(written)\": 1")
    let error = try #require(throws: ZorBAError.self) { try parse(text) }
    #expect(error.location.field == written)
    #expect(error.advice == "Did you mean '\(meant)'?")
  }

  @Test("list the keys when nothing is near")
  func strangers() throws {
    let error = try #require(throws: ZorBAError.self) {
      try parse(instance("\"completely_different\": 1"))
    }
    #expect(error.advice?.hasPrefix("Known: clients, blocks") == true)
  }

  @Test(
    "say what is missing",
    arguments: [
      "clients", "blocks", "block_parameters", "gradient_energy", "client_spread", "sample_noise",
      "lambda",
    ])
  func missing(key: String) throws {
    let nulled = instance("\"\(key)\": null")
    let error = try #require(throws: ZorBAError.self) { try parse(nulled) }
    #expect(error.location.field == key && error.message == "is missing")
  }

  @Test("to start from are valid")
  func example() throws {
    let folder = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
    let instance = try InstanceFile.read(path: "/\(folder)/Examples/hospitals-plan.json")
    #expect(instance.names.count == 6 && instance.problem.blockCount == 12)
    #expect(instance.names[3] == "children")
  }

  @Test("are refused before they are laid out when they are too large")
  func size() throws {
    let error = try #require(throws: ZorBAError.self) {
      try parse(
        """
        {"clients": 100000, "blocks": 4096, "block_parameters": 1, "gradient_energy": 1,
         "client_spread": 1, "sample_noise": 1, "lambda": 1}
        """)
    }
    #expect(error.location.field == "clients")
  }

  @Test("that do not exist or are folders are said to be so", arguments: ["/nowhere.json", "/"])
  func unreadable(path: String) throws {
    let error = try #require(throws: ZorBAError.self) { try InstanceFile.read(path: path) }
    #expect(error.code == .invalidConfiguration && error.location.file == path)
  }

  @Test("end somewhere even when the file does not")
  func endless() throws {
    let error = try #require(throws: ZorBAError.self) { try InstanceFile.read(path: "/dev/zero") }
    #expect(error.message.contains("128 MiB"))
  }

  @Test("hold any one thing where an object should stand", arguments: ["[]", "1", "\"x\"", "null"])
  func noObject(text: String) throws {
    #expect(throws: ZorBAError.self) { try parse(text) }
  }
}
