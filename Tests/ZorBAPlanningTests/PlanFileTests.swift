import Testing
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJSON
import ZorBAPlanning
import ZorBATestSupport

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

@Suite struct PlanFileTests {
  /// A plan file with a random selection of its parts.
  static func sample(
    clients: Int, blocks: Int, using random: inout SeededGenerator
  ) throws -> PlanFile {
    func values(_ count: Int) -> [Double] {
      (0..<count).map { _ in Double.random(in: 0...1e9, using: &random) }
    }
    let cycle = try (0..<Int.random(in: 1...3, using: &random)).map { _ in
      var rows = (0..<clients).map { _ in (0..<blocks).map { _ in Bool.random(using: &random) } }
      rows[0][0] = true
      return try ActivationMatrix(rows: rows, mayRest: true)
    }
    var file = PlanFile(
      clients: (0..<clients).map { "s\u{ef}te \"\($0)\"" },
      plan: ActivationPlan(cycle: cycle, window: Int.random(in: 1...999, using: &random)))
    if Bool.random(using: &random) {
      file.policy = "lexicographic"
      file.epsilon = values(2)
      file.convergence = ConvergenceTerms(bias: values(blocks), variance: values(blocks))
      file.stages = PlanningProblem.Stage.allCases.map {
        .init(
          stage: $0, value: Double.random(in: 5...9, using: &random),
          lowerBound: Bool.random(using: &random)
            ? nil : Double.random(in: 0...5, using: &random),
          isProvenOptimal: Bool.random(using: &random))
      }
    }
    if Bool.random(using: &random) {
      file.memoryBytes = values(clients)
      file.seconds = values(clients)
      file.wireBytes = values(clients)
    }
    if Bool.random(using: &random) {
      file.sensitivity = BlockSensitivity(
        gradientEnergy: values(blocks), clientSpread: values(blocks),
        sampleNoise: (0..<clients).map { _ in values(blocks) })
    }
    return file
  }

  private func parse(_ text: String) throws -> PlanFile {
    try PlanFile(
      JSONParser.parse(text.utf8, file: "p.json", code: .invalidConfiguration), file: "p.json")
  }

  @Test func filesComeBackAsWritten() throws {
    var random = SeededGenerator(seed: 51)
    for _ in 0..<300 {
      let file = try Self.sample(
        clients: Int.random(in: 1...5, using: &random),
        blocks: Int.random(in: 1...6, using: &random), using: &random)
      let read = try parse(file.text)
      #expect(read == file)
      #expect(read.text == file.text)
    }
  }

  @Test func shortFormsAreRead() throws {
    let matrix = try parse(#"{"matrix": [[1, 0], [true, false], [0, 1]], "note": "mine"}"#)
    #expect(matrix.plan.cycle[0].rows == [[true, false], [true, false], [false, true]])
    #expect(matrix.plan.window == 1 && matrix.clients == nil)
    let cycle = try parse(#"{"cycle": [[[1, 0]], [[0, 1]]], "window": 7}"#)
    #expect(cycle.plan.cycle.count == 2 && cycle.plan.window == 7)
  }

  @Test func rowsAreFoundByName() throws {
    var file = try parse(#"{"matrix": [[1, 0], [0, 1]]}"#)
    #expect(try file.plan(for: ["x", "y"], blocks: 2) == file.plan)
    file.clients = ["y", "x"]
    #expect(
      try file.plan(for: ["x", "y"], blocks: 2).cycle[0].rows == [[false, true], [true, false]])
    let error = #expect(throws: ZorBAError.self) { try file.plan(for: ["x", "z"], blocks: 2) }
    #expect(error?.message.contains("z") == true && error?.location.field == "clients")
    #expect(throws: ZorBAError.self) { try file.plan(for: ["x"], blocks: 2) }
    #expect(throws: ZorBAError.self) { try file.plan(for: ["x", "y"], blocks: 3) }
  }

  private static let head =
    #""format": "zorba-plan", "version": 1, "blocks": 2, "cycle": [[[1, 0]]]"#

  @Test(arguments: [
    (#"{"format": "zorba-plan", "version": 2, "blocks": 1, "cycle": [[[1]]]}"#, "version"),
    (#"{"format": "plan", "version": 1, "blocks": 1, "cycle": [[[1]]]}"#, "format"),
    (#"{"format": "zorba-plan", "version": 1, "cycle": [[[1]]]}"#, "blocks"),
    (#"{"format": "zorba-plan", "version": 1, "blocks": 2, "cycle": [[[1]]]}"#, "blocks"),
    ("{\(head), \"cylce\": 1}", "cylce"),
    ("{\(head), \"clients\": [\"a\", \"b\"]}", "clients"),
    ("{\(head), \"memory_bytes\": [1, 2]}", "memory_bytes"),
    ("{\(head), \"seconds\": [-1]}", "seconds"),
    ("{\(head), \"seconds\": [null]}", "seconds"),
    ("{\(head), \"convergence\": {\"bias\": [1, 2]}}", "convergence.variance"),
    ("{\(head), \"stages\": [{\"stage\": \"speed\"}]}", "stages.stage"),
    ("{\(head), \"sensitivity\": {\"gradient_energy\": [1, 2]}}", "sensitivity.client_spread"),
    ("{\(head), \"window\": 0}", "window"),
    ("{\(head), \"matrix\": [[1, 0]]}", "matrix"),
    (#"{"matrix": [[1, 0], [1]]}"#, "matrix"), (#"{"matrix": [[2]]}"#, "matrix"),
    (#"{"matrix": [[0, 0]]}"#, "matrix"), (#"{"matrix": []}"#, "matrix"),
    (#"{"cycle": []}"#, "cycle"), (#"{"cycle": [[[1]], [[1, 1]]]}"#, "cycle"), ("{}", "matrix"),
  ])
  func mistakesAreNamed(_ text: String, _ field: String) throws {
    let error = #expect(throws: ZorBAError.self) { try parse(text) }
    #expect(error?.code == .invalidConfiguration)
    #expect(error?.location.field == field && error?.location.file == "p.json")
  }

  @Test func damagedFilesGiveErrorsOnly() throws {
    var random = SeededGenerator(seed: 52)
    let bytes = Array(try Self.sample(clients: 3, blocks: 4, using: &random).text.utf8)
    var (refused, accepted) = (0, 0)
    for _ in 0..<6000 {
      let mutated = random.mutated(bytes, within: 0..<bytes.count)
      do {
        let file = try PlanFile(
          JSONParser.parse(mutated, file: "p", code: .invalidConfiguration), file: "p")
        #expect(try parse(file.text) == file)
        accepted += 1
      } catch let error as ZorBAError {
        #expect(error.code == .invalidConfiguration)
        refused += 1
      }
    }
    #expect(refused > 2000 && accepted > 100)
  }

  @Test func hugeAndOddFilesAreNotRead() throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "zorba-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "plan.json").path(percentEncoded: false)
    try Data(#"{"matrix": [[1]]}"#.utf8).write(to: URL(filePath: path))
    #expect(try PlanFile.read(path: path).plan.blockCount == 1)
    // A file of holes: longer than any memory, yet on no disk.
    let handle = try #require(fopen(path, "w"))
    fseeko(handle, off_t(1) << 40, SEEK_SET)
    fputs("}", handle)
    fclose(handle)
    let messages = [path, folder.path(percentEncoded: false), path + ".missing", "/dev/zero"].map {
      path in #expect(throws: ZorBAError.self) { try PlanFile.read(path: path) }?.message ?? ""
    }
    #expect(messages[0].contains("allowed") && messages[1].contains("regular"))
    #expect(messages[2].contains("cannot be read") && messages[3].contains("regular"))
  }

  @Test func sensitivitiesAreReadAloneOrFromAPlan() throws {
    let folder = FileManager.default.temporaryDirectory
    let path = folder.appending(path: "zorba-\(UUID().uuidString).json").path(percentEncoded: false)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let names = ["a", "b", "c"]
    let expected = BlockSensitivity(
      gradientEnergy: [1, 2], clientSpread: [3, 4], sampleNoise: [5, 6], clients: 3)
    for text in [
      #"{"gradient_energy": [1, 2], "client_spread": [3, 4], "sample_noise": [5, 6]}"#,
      expected.json.serialized, #"{"sensitivity": \#(expected.json.serialized)}"#,
    ] {
      try Data(text.utf8).write(to: URL(filePath: path))
      #expect(try BlockSensitivity.read(path: path, names: names, blocks: 2) == expected)
    }
    #expect(throws: ZorBAError.self) {
      try BlockSensitivity.read(path: path, names: names, blocks: 3)
    }
    // Whoever is named is found by name, whatever the order; whoever is missing is named.
    let measured = """
      {"clients": ["c", "a", "b"], "gradient_energy": [1], "client_spread": [1],
       "sample_noise": [[3], [1], [2]]}
      """
    try Data(measured.utf8).write(to: URL(filePath: path))
    #expect(
      try BlockSensitivity.read(path: path, names: names, blocks: 1).sampleNoise == [[1], [2], [3]])
    let error = #expect(throws: ZorBAError.self) {
      try BlockSensitivity.read(path: path, names: ["a", "d"], blocks: 1)
    }
    #expect(error?.message.contains("'d'") == true)
  }
}
