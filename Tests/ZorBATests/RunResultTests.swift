import Testing
import ZorBA
import ZorBAConfiguration
import ZorBAJSON

/// The files a run leaves, as programs read them.
@Suite struct RunResultTests {
  private func number(_ value: JSONValue?) -> Double? { value?.double }

  @Test func resultsHaveEveryKeyTheyPromise() throws {
    let run = try TinyRun()
    let result = try run.run()
    let folder = RunFolder(path: run.configuration.out)
    let json = try JSONParser.parse(contents(of: folder.result), file: folder.result)
    #expect(
      try JSONParser.parse(Array(result.jsonText.utf8), file: "--json").serialized
        == json.serialized)

    #expect(json["model"]?.string == run.configuration.model)
    #expect(json["rounds"]?.integer == 6)
    #expect(json["incomplete"]?.bool == false)
    for moment in ["before", "after"] {
      let evaluation = try #require(json["evaluation"]?[moment])
      for key in ["accuracy", "macro_f1", "loss"] { #expect(number(evaluation[key]) != nil) }
      #expect(evaluation["examples"]?.integer == 6)
      let clients = try #require(evaluation["per_client"]?.object)
      #expect(clients.members.map(\.key) == ["a", "b", "c"])
      #expect(clients.members.reduce(0) { $0 + ($1.value["examples"]?.integer ?? 0) } == 6)
    }
    let during = try #require(json["evaluation"]?["during"]?.array)
    #expect(during.map { $0["round"]?.integer } == [2, 4])
    // Three sites send a scalar, a count and a loss, and get three coefficients and a number.
    #expect(json["bytes"]?["up"]?.integer == 6 * 3 * 12)
    #expect(json["bytes"]?["down"]?.integer == 6 * 3 * 16)
    #expect(number(json["bytes"]?["per_client_per_round"]) == 28)
    for key in ["peak_bytes", "predicted_bytes", "weights_bytes"] {
      #expect((json["memory"]?[key]?.integer ?? 0) > 0)
    }
    for key in ["total", "forward", "update", "other"] {
      #expect((number(json["seconds"]?[key]) ?? -1) >= 0)
    }
    #expect(json["state_digest"]?.string?.utf8.count == 32)
    #expect(json["journal"]?["path"]?.string == folder.journal)
    #expect(try json["journal"]?["bytes"]?.integer == contents(of: folder.journal).count)
    #expect(json["clients"]?.array?.count == 3)
    #expect(json["active_share"]?.array?.count == 3)
    #expect(json["warnings"]?.array?.compactMap(\.string) == result.warnings)
  }

  @Test func metricsHaveALineForEveryRound() throws {
    let run = try TinyRun()
    let result = try run.run()
    let folder = RunFolder(path: run.configuration.out)
    let lines = try contents(of: folder.metrics).split(separator: UInt8(ascii: "\n")).map {
      try JSONParser.parse(Array($0), file: folder.metrics)
    }
    let rounds = lines.filter { $0["per_client"] != nil }
    #expect(rounds.map { $0["round"]?.integer } == [1, 2, 3, 4, 5, 6])
    #expect(rounds.compactMap { RoundMetrics(json: $0) } == result.history)
    for round in rounds {
      for key in [
        "seconds", "loss", "active_blocks", "bytes_up", "bytes_down", "peak_memory_bytes",
      ] { #expect(number(round[key]) != nil) }
      let clients = try #require(round["per_client"]?.array)
      #expect(clients.allSatisfy { number($0["loss"]) != nil && $0["scalars"]?.array?.count == 1 })
    }
    let evaluations = lines.filter { $0["evaluation"] != nil }
    #expect(evaluations.map { $0["round"]?.integer } == [0, 2, 4, 6])
    let again = try RunFile.read(path: folder.configuration)
    #expect(again == run.configuration)
  }

  /// A run without evaluation rows still has a result.
  @Test func evaluationsMayBeAbsent() throws {
    let run = try TinyRun {
      $0.data.validation = nil
      $0.data.test = nil
    }
    let json = try JSONParser.parse(Array(run.run().jsonText.utf8), file: "--json")
    #expect(json["evaluation"]?["before"]?.isNull == true)
    #expect(json["evaluation"]?["after"]?.isNull == true)
  }

  /// Each site alone, on the same rows.
  @Test func trainingAloneIsCompared() throws {
    let run = try TinyRun()
    var options = Simulation.Options()
    options.threads = 1
    options.comparesWithTrainingAlone = true
    let result = try Simulation(run.configuration, options: options).run()
    #expect(result.alone.map(\.client) == ["a", "b", "c"])
    #expect(Set(result.alone.map(\.evaluation.overall.loss)).count == 3)
    // Comparing changes nothing about the run.
    let plain = try run.run(out: run.folder.path("plain"))
    #expect(plain.stateDigest == result.stateDigest)
  }
}
