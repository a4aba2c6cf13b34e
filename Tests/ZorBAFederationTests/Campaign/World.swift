import ZorBAFederation
import ZorBATestSupport

/// A coordinator, its sites and the network between them, simulated event by event from one seed.
///
/// Both machines run behind small drivers that do what real ones do, with durable state that survives
/// crashes and volatile state that does not. What happens next, and what breaks, is drawn; after the
/// faults are over, everything is repaired and the run must come to its end. What must always hold is
/// checked where it could be broken.
final class World {
  let setting: Setting
  var random: SeededGenerator
  var coordinator: Coordinator
  var sites: [Site]
  var streams: [Stream] = []
  var steps = 0
  /// Whether faults are over.
  var isCalm = false
  /// The first thing that must not happen and did.
  var violation: String?
  var trace: [String]?
  var counts: [Fault: Int] = [:]
  var statistics = Statistics()
  /// Chain values of everything that ever was durable at the coordinator.
  var everDurable: Set<UInt64> = [Entry.base.chain]
  /// Who ever sent a digest, or an answer, of weights that were wrong.
  var sentWrong: Set<Int> = []
  /// Sites gone for good.
  var departed: Set<Int> = []

  init(_ setting: Setting, isTraced: Bool = false) {
    self.setting = setting
    random = SeededGenerator(seed: setting.seed ^ 0x5EED)
    coordinator = Coordinator(setting)
    sites = (0..<setting.sites).map { Site(index: $0) }
    trace = isTraced ? [] : nil
  }

  func note(_ text: @autoclosure () -> String) {
    if trace != nil { trace?.append("\(steps): \(text())") }
  }

  func fail(_ text: @autoclosure () -> String) {
    if violation == nil {
      violation = text()
      note("VIOLATION \(text())")
    }
  }

  func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }

  /// Whether a fault happens here: one in `one`, where the setting has it.
  func strikes(_ fault: Fault, _ one: Int) -> Bool {
    guard !isCalm, setting.faults.contains(fault), chance(one) else { return false }
    count(fault)
    return true
  }

  func count(_ fault: Fault) { counts[fault, default: 0] += 1 }

  /// Runs to the end.
  func run() {
    while violation == nil, steps < setting.faultSteps {
      steps += 1
      if Int.random(in: 0..<1000, using: &random) < setting.faultRate { breakSomething() }
      advance()
    }
    isCalm = true
    note("calm")
    let limit = steps + 20_000
    while violation == nil, !isOver {
      steps += 1
      if steps > limit { return fail("hung: \(hangDescription)") }
      repair()
      advance()
    }
    if violation == nil { checkEnd() }
  }

  enum Choice {
    case upload(Int)
    case up(Stream), down(Stream), siteNotices(Stream), serverNotices(Stream)
    case work(Int), connect(Int), siteTimer(Int), start(Int)
    case startCoordinator, close, plan, end
    case deadline, evaluationDeadline, digestDeadline, retry
  }

  /// Lets one thing happen of all that can.
  func advance() {
    var choices: [Choice] = []
    var timers: [Choice] = []
    for stream in streams {
      let isListening = sites[stream.site].isAwake
      if !stream.serverEnded {
        if !stream.up.isEmpty { choices.append(.up(stream)) }
        if stream.isCut || (stream.siteEnded && stream.up.isEmpty) {
          choices.append(.serverNotices(stream))
        }
      }
      if !stream.siteEnded, isListening {
        if !stream.down.isEmpty { choices.append(.down(stream)) }
        if stream.isCut || (stream.serverEnded && stream.down.isEmpty) {
          choices.append(.siteNotices(stream))
        }
      }
    }
    for site in sites {
      if site.machine == nil {
        if !site.isDone { choices.append(.start(site.index)) }
        continue
      }
      guard site.isAwake else { continue }
      if site.work != nil { choices.append(.work(site.index)) }
      if site.upload != nil { choices.append(.upload(site.index)) }
      if site.isConnecting || site.owesEnd { choices.append(.connect(site.index)) }
      if site.hasTimer { timers.append(.siteTimer(site.index)) }
    }
    if coordinator.machine == nil {
      choices.append(.startCoordinator)
    } else {
      if coordinator.closing != nil { choices.append(.close) }
      if coordinator.planning != nil { choices.append(.plan) }
      if coordinator.ending != nil { choices.append(.end) }
      if coordinator.deadline != nil { timers.append(.deadline) }
      if coordinator.evaluationDeadline != nil { timers.append(.evaluationDeadline) }
      if coordinator.digestDeadline { timers.append(.digestDeadline) }
      if coordinator.hasRetry { timers.append(.retry) }
    }
    let pool = choices.isEmpty || chance(isCalm ? 40 : 12) ? timers : choices
    guard let choice = pool.randomElement(using: &random) else { return }
    perform(choice)
    streams.removeAll { $0.siteEnded && $0.serverEnded }
  }

  private func perform(_ choice: Choice) {
    switch choice {
    case .up(let stream): receive(stream.up.removeFirst(), on: stream)
    case .down(let stream):
      let message = stream.down.removeFirst()
      hear(message, on: stream)
      if strikes(.repeatedMessage, 20) { hear(message, on: stream) }
    case .siteNotices(let stream):
      stream.siteEnded = true
      sites[stream.site].stream = nil
      feed(stream.site, .disconnected)
    case .serverNotices(let stream):
      stream.serverEnded = true
      if stream.session > 0 { feed(.gone(client: stream.site, session: stream.session)) }
    case .work(let site): finishWork(site)
    case .upload(let site): finishUpload(site)
    case .connect(let site): finishConnecting(site)
    case .siteTimer(let site):
      sites[site].hasTimer = false
      feed(site, .retryTimer)
    case .start(let site): startSite(site)
    case .startCoordinator: startCoordinator()
    case .close: closeNext()
    case .plan: planNext()
    case .end: endNext()
    case .deadline:
      guard let ticket = coordinator.deadline else { return }
      coordinator.deadline = nil
      feed(.deadline(ticket))
    case .evaluationDeadline:
      guard let round = coordinator.evaluationDeadline else { return }
      coordinator.evaluationDeadline = nil
      feed(.evaluationDeadline(round: round))
    case .digestDeadline:
      coordinator.digestDeadline = false
      feed(.digestDeadline)
    case .retry:
      coordinator.hasRetry = false
      feed(.retry)
    }
  }
}

/// What a campaign counts.
struct Statistics {
  var rounds = 0
  var steps = 0
  var attempts = 0
  var retries = 0
  var catchUps = 0
  var plans = 0
  var evaluations = 0
  var quarantines = 0
  var undetected = 0
  var pauses = 0
  var superseded = 0
  var rebuilds = 0
  var uploads = 0
  var lostUploads = 0
  var denseRounds = 0
  var brokenFetches = 0

  mutating func add(_ other: Statistics) {
    rounds += other.rounds
    steps += other.steps
    attempts += other.attempts
    retries += other.retries
    catchUps += other.catchUps
    plans += other.plans
    evaluations += other.evaluations
    quarantines += other.quarantines
    undetected += other.undetected
    pauses += other.pauses
    superseded += other.superseded
    rebuilds += other.rebuilds
    uploads += other.uploads
    lostUploads += other.lostUploads
    denseRounds += other.denseRounds
    brokenFetches += other.brokenFetches
  }
}
