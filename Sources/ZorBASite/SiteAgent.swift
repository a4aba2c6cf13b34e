package import ZorBA
package import ZorBAAudit
import ZorBADiagnostics
import ZorBAFederation
package import ZorBAPrivacy
package import ZorBASitePolicy
package import ZorBAWire

/// A site's agent: dials out, follows one run, answers it within the limits of its own policy, and
/// comes back after whatever breaks.
///
/// The agent drives the pure `SiteMachine`. Messages, clocks and the worker feed it events, one at a
/// time; what it decides is carried out by `AgentSession` and `SiteWork`.
package final class SiteAgent: Sendable {
  /// How an agent works, besides what its file says.
  package struct Options: Sendable {
    /// Told what happens.
    package var observer: @Sendable (AgentNotice) -> Void = { _ in }
    /// Seeds the jitter of reconnections; nothing else.
    package var jitterSeed = UInt64.random(in: 0 ... .max)
    /// Threads for arithmetic; nil follows the site's file.
    package var threads: Int?
    /// What becomes of a message before it is judged, written down and sent: as a faulty site or
    /// network would lose, alter, repeat or delay it.
    package var relay: @Sendable (Zorba_V1_SiteMessage) -> [Zorba_V1_SiteMessage] = { [$0] }
    /// What becomes of an update after it was computed, as a faulty site would alter it.
    package var alter: @Sendable (_ update: [UInt8]) -> [UInt8] = { $0 }
    /// Waited for before a piece of an update is sent, as a slow network delays it.
    package var beforePiece: @Sendable (_ offset: Int) async -> Void = { _ in }
    /// Where the agent records what leaves, and what its policy keeps in; nil keeps no log.
    package var audit: AuditTrail?
    /// Where first-order methods take gradients from; nil takes the model's backward pass.
    package var gradients: SharedGradientFactory?
    /// Where private samples and noise come from; nil takes the system's generator, as anything but a
    /// test must.
    package var randomness: (@Sendable () -> any CryptographicGenerator)?

    package init() {}
  }

  /// What the agent reacts to, in order of arrival.
  enum Input: Sendable {
    case opened(round: Int?)
    /// The copy of the journal was damaged and is put aside.
    case damaged(ZorBAError)
    case connected(Int, Outbox)
    case received(Int, Zorba_V1_CoordinatorMessage)
    case disconnected(Int, WireEnd)
    case event(SiteMachine.Event)
    /// Where the copy of the journal ends, and the payload of its header.
    case introduced(bytes: Int, chain: [UInt8], header: [UInt8])
    case fetchFrom(Int)
    /// A dense round is to be fetched.
    case fetchCommit(Zorba_V1_Commit, from: Int)
    /// An upload is over; the number is its own.
    case uploaded(Int, ZorBAError?)
    case ready(Zorba_V1_Ready)
    case outlined(RoundCoordinator.Ticket, RoundFacts, SecureOutline?)
    case answer(SiteWork.Answer)
    /// An answer could not be computed.
    case failedToAnswer(RoundCoordinator.Ticket, ZorBAError)
    case evaluated(Zorba_V1_Evaluation)
    case digests(round: Int, [UInt8])
    case concluded(digest: String)
    /// The files that weights are made from are here; the number is that of the try.
    case weightsHere(Int, WeightOrigin)
    /// A snapshot is not what it is said to be.
    case snapshotRefused(ZorBAError, folder: String)
    /// The disk refused; the machine tries again later.
    case failedToKeep(ZorBAError, SiteMachine.Event)
    case failure(ZorBAError)
    case interrupt(String)
  }

  /// How a connection ended.
  struct WireEnd: Sendable {
    var error: ZorBAError?
    /// Whether coming again cannot help.
    var isFinal: Bool
  }

  let configuration: SiteConfiguration
  let options: Options
  let inputs: AsyncStream<Input>
  let post: @Sendable (Input) -> Void

  /// Creates an agent; nothing is opened yet.
  package init(_ configuration: SiteConfiguration, options: Options = Options()) {
    self.configuration = configuration
    self.options = options
    let (inputs, continuation) = AsyncStream<Input>.makeStream()
    self.inputs = inputs
    post = { continuation.yield($0) }
  }

  /// Asks the agent to end; it says goodbye to the coordinator first.
  package func interrupt(_ reason: String) { post(.interrupt(reason)) }

  /// Follows the run to its end.
  ///
  /// - Throws: `ZorBAError` when the site's own files cannot be used, or with code `refused` when
  ///   the coordinator or the site's own policy refuses for good.
  package func run() async throws -> AgentOutcome {
    try await AgentSession(self).run()
  }
}
