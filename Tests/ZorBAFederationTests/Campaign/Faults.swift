import ZorBAFederation
import ZorBATestSupport

/// What can go wrong, or be asked for, in a simulated federation.
enum Fault: Int, CaseIterable, Sendable {
  case cut, coordinatorCrash, siteCrash, hang, refusal, divergence, journalRot, commitRot
  case coordinatorDisk, siteDisk, repeatedEvent, repeatedMessage, earlyTimer, rejection
  case pause, stop, rollback, leave, absence, readmit, estimates, planRefused, invalidEvent

  /// What networks and machines do, without people, disks and bad weights: none of it may stop a run.
  static let ofTheNetwork: Set<Fault> = [
    .cut, .coordinatorCrash, .siteCrash, .hang, .refusal, .repeatedEvent, .repeatedMessage,
    .earlyTimer, .rejection, .absence, .estimates, .planRefused, .invalidEvent,
  ]
}

/// Everything about a simulated run that follows from its seed.
struct Setting: Sendable {
  var seed: UInt64
  var sites: Int
  var rounds: Int
  var quorum: Double
  var attempts: Int
  var startWith: Int
  var evaluateEvery: Int
  var evaluatesEnds: Bool
  /// 0: everybody; 1: a draw from those available; 2: a draw from all, of whom some may be there.
  var selection: Int
  var share: Double
  /// Clients that the first plan knows.
  var planned: Int
  var hasReference: Bool
  /// Whether answers are updates that are uploaded, and rounds are fetched from the journal.
  var isDense: Bool
  var faults: Set<Fault>
  /// Steps in which faults happen, and how many in a thousand steps.
  var faultSteps: Int
  var faultRate: Int

  init(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    self.seed = seed
    sites = Int.random(in: 1...5, using: &random)
    rounds = Int.random(in: 1...7, using: &random)
    quorum = [0, 0.5, 0.67, 1][Int.random(in: 0..<4, using: &random)]
    attempts = Int.random(in: 1...3, using: &random)
    startWith = Int.random(in: 1...sites, using: &random)
    evaluateEvery = [0, 0, 1, 2, 3][Int.random(in: 0..<5, using: &random)]
    evaluatesEnds = Bool.random(using: &random)
    selection = Int.random(in: 0..<3, using: &random)
    share = [0.4, 0.7, 1][Int.random(in: 0..<3, using: &random)]
    planned = Bool.random(using: &random) ? sites : Int.random(in: 1...sites, using: &random)
    hasReference = Int.random(in: 0..<3, using: &random) == 0
    faultSteps = Int.random(in: 0...300, using: &random)
    faultRate = [20, 60, 150, 300][Int.random(in: 0..<4, using: &random)]
    switch Int.random(in: 0..<4, using: &random) {
    case 0: faults = Fault.ofTheNetwork
    case 1: faults = Set(Fault.allCases)
    default:
      faults = Set(Fault.allCases.filter { _ in Int.random(in: 0..<3, using: &random) == 0 })
    }
    isDense = Int.random(in: 0..<3, using: &random) == 0
  }

  var configuration: RunMachine.Configuration {
    RunMachine.Configuration(
      clients: sites, rounds: rounds, quorum: quorum, attempts: attempts, startWith: startWith,
      evaluateEvery: evaluateEvery, evaluatesEnds: evaluatesEnds)
  }

  /// A pure function of ticket and who is there, as the caller's must be.
  var choose: RunMachine.Selection {
    let (mode, share, sites, seed) = (selection, share, sites, seed)
    return { ticket, available in
      if mode == 0 { return available.sorted() }
      var random = SeededGenerator(
        seed: Entry.mix(seed, UInt64(ticket.round), UInt64(ticket.attempt)))
      let pool = mode == 1 ? available.sorted() : Array(0..<sites)
      let count = max(1, Int((share * Double(pool.count)).rounded()))
      return Array(pool.shuffled(using: &random).prefix(count))
    }
  }
}
