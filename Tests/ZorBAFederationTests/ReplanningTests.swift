import Testing
import ZorBAFederation
import ZorBATestSupport

@Suite struct ReplanningTests {
  @Test func nothingHappensWithoutAReason() {
    var machine = Replanning(members: [0, 1, 2])
    #expect(machine.boundary(nextRound: 2) == nil)
    machine.handle(.leave(1))
    machine.handle(.join(1))
    machine.handle(.budget(7))
    machine.handle(.planned)
    #expect(machine.boundary(nextRound: 3) == nil)
  }

  @Test func allThatHappenedGivesOnePlan() {
    var machine = Replanning(members: [0, 1])
    for event: Replanning.Event in [.estimates, .join(5), .leave(0), .budget(1), .estimates] {
      machine.handle(event)
    }
    let decision = machine.boundary(nextRound: 9)
    #expect(decision?.firstRound == 9 && decision?.members == [1, 5])
    #expect(decision?.reasons == [.joined, .left, .estimates, .budget])
    machine.handle(.planned)
    #expect(machine.boundary(nextRound: 10) == nil)
  }

  /// A plan that was decided but not made is decided again.
  @Test func aDecisionThatWasNotCarriedOutIsNotForgotten() {
    var machine = Replanning(members: [0, 1])
    machine.handle(.estimates)
    machine.handle(.leave(1))
    let first = machine.boundary(nextRound: 4)
    machine.handle(.join(2))
    let second = machine.boundary(nextRound: 4)
    #expect(first?.members == [0] && second?.members == [0, 2])
    #expect(second?.reasons == [.joined, .left, .estimates])
    machine.handle(.refused)
    #expect(machine.boundary(nextRound: 5) == nil)
  }

  @Test func nobodyNeedsNoPlan() {
    var machine = Replanning(members: [3])
    machine.handle(.leave(3))
    #expect(machine.boundary(nextRound: 2) == nil)
    machine.handle(.join(4))
    #expect(machine.boundary(nextRound: 3)?.members == [4])
  }

  /// Any order of events: a plan is for exactly who is there at its boundary, and there is one
  /// whenever that differs from the plan in force or anything was learnt since, and only then.
  @Test func everyInterleavingIsAnsweredOnce() {
    var random = SeededGenerator(seed: 71)
    var decisions = 0
    for _ in 0..<2000 {
      var machine = Replanning(members: 0..<3)
      var (present, served) = (Set(0..<3), Set(0..<3))
      var isNews = false
      for round in 2...20 {
        for _ in 0..<Int.random(in: 0...3, using: &random) {
          let member = Int.random(in: 0..<6, using: &random)
          switch Int.random(in: 0..<6, using: &random) {
          case 0:
            machine.handle(.estimates)
            isNews = true
          case 1:
            machine.handle(.budget(member))
            isNews = isNews || present.contains(member)
          case 2, 3:
            machine.handle(.join(member))
            present.insert(member)
          default:
            machine.handle(.leave(member))
            present.remove(member)
          }
        }
        #expect(machine.members == present)
        let decision = machine.boundary(nextRound: round)
        #expect((decision != nil) == ((isNews || present != served) && !present.isEmpty))
        guard let decision else { continue }
        decisions += 1
        #expect(decision.firstRound == round && decision.members == present.sorted())
        machine.handle(Bool.random(using: &random) ? .planned : .refused)
        (served, isNews) = (present, false)
      }
    }
    #expect(decisions > 5000)
  }
}
