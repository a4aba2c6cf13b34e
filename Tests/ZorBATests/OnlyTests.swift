import Testing
import ZorBADiagnostics

@testable import ZorBA

/// One site of a federation by itself.
@Suite struct OnlyTests {
  /// What a site reaches by itself is what the comparison with training alone says of it.
  @Test(arguments: [BlockConfiguration.Plan.full, .random])
  func onlyIsTrainingAlone(plan: BlockConfiguration.Plan) throws {
    let run = try TinyRun { $0.blocks.plan = plan }
    var options = Simulation.Options()
    options.threads = 1
    options.comparesWithTrainingAlone = true
    let whole = try Simulation(run.configuration, options: options).run()
    #expect(whole.alone.count == 3)
    for (index, alone) in whole.alone.enumerated() {
      for name in [alone.client, "\(index + 1)"] {
        var one = run
        one.configuration.federation.only = name
        let result = try one.run(out: run.folder.path("only-\(name)"))
        #expect(result.clients == [alone.client])
        #expect(result.after == alone.evaluation)
        #expect(result.bytesUp < whole.bytesUp)
      }
    }
  }

  @Test func anInterruptedOneGoesOn() throws {
    var run = try TinyRun { $0.blocks.plan = .random }
    run.configuration.federation.only = "b"
    let whole = try run.run(out: run.folder.path("whole"))
    let part = try run.run(stop: 2)
    #expect(part.isIncomplete)
    #expect(try run.run(resume: true).stateDigest == whole.stateDigest)
  }

  @Test(arguments: ["d", "0", "4", "-1", "99999999999999999999"])
  func nobodyIsRefused(name: String) throws {
    var run = try TinyRun()
    run.configuration.federation.only = name
    let error = #expect(throws: ZorBAError.self) { try run.run() }
    #expect(error?.code == .invalidConfiguration)
    #expect(error?.location.field == "federation.only")
    #expect(error?.advice?.contains("a, b, c") == true)
  }

  /// Rosters are of sites with data of their own; nobody could take one out of them.
  @Test func aRosterHasNoOnly() throws {
    var federation = FederationConfiguration(sites: ["north", "east"])
    federation.only = "north"
    #expect(federation.fault?.key == "federation.only")
    federation.only = nil
    #expect(federation.fault == nil)
  }

  /// Every minibatch goes through the model twice a direction and step.
  @Test func passesAndParametersAreCounted() throws {
    let run = try TinyRun {
      $0.method.directions = 2
      $0.method.localSteps = 3
      $0.rounds = 4
    }
    let result = try run.run()
    #expect(result.forwardPasses == 4 * 3 * 3 * 2 * 2)
    let whole = result.trainedParameters
    var outer = run
    outer.configuration.blocks.outer = true
    let more = try outer.run(out: run.folder.path("outer")).trainedParameters
    #expect(whole > 0 && more > whole)
  }
}
