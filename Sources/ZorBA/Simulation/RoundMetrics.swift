package import ZorBAJSON

/// One line of `metrics.jsonl`: what a committed round cost and showed.
public struct RoundMetrics: Sendable, Equatable {
  /// One client's part in the round.
  public struct Client: Sendable, Equatable {
    /// The client's name.
    public var name: String
    /// Mean loss over both sides of all directions.
    public var loss: Double
    /// Finite differences, step after step, direction after direction.
    public var scalars: [Float]
    /// The finite differences of the halves of each minibatch, in the order of `scalars`; nil for
    /// minibatches of one example and in files of earlier versions.
    public var halfScalars: [HalfScalars]?
    /// Examples in the minibatch.
    public var examples: Int
    /// Transformer blocks the client had active.
    public var activeBlocks: Int
    /// Passes forwards and backwards that a first-order method took, and passes of a round whose scalars
    /// are unknown; nil for the others, whose passes follow from the scalars.
    public var passes: Int?

    /// Creates a client's part.
    public init(
      name: String, loss: Double, scalars: [Float], halfScalars: [HalfScalars]? = nil,
      examples: Int, activeBlocks: Int, passes: Int? = nil
    ) {
      self.name = name
      self.loss = loss
      self.scalars = scalars
      self.halfScalars = halfScalars
      self.examples = examples
      self.activeBlocks = activeBlocks
      self.passes = passes
    }
  }

  /// One finite difference by the halves of its minibatch, the examples at even and at odd places.
  public struct HalfScalars: Sendable, Equatable {
    /// That of the examples at places 0, 2, 4 …
    public var first: Float
    /// That of the others.
    public var second: Float

    /// Creates a pair.
    public init(first: Float, second: Float) {
      self.first = first
      self.second = second
    }
  }

  /// A client whose answer the guard refused.
  public struct LeftOut: Sendable, Equatable {
    /// The client's name.
    public var name: String
    /// The finite differences that the guard saw, the refused one last unless it was not finite.
    public var scalars: [Float]
    /// As a client's.
    public var passes: Int?

    /// Creates an entry.
    public init(name: String, scalars: [Float], passes: Int? = nil) {
      self.name = name
      self.scalars = scalars
      self.passes = passes
    }
  }

  /// What secure aggregation told of a group of clients that train the same blocks.
  public struct Group: Sendable, Equatable {
    /// Whose answers are in it, by name.
    public var clients: [String]
    /// The weighted means of their finite differences, as far as the guard looked at them.
    public var means: [Double]
    /// The sum of their weights.
    public var weight: Double
    /// The weighted mean of their losses.
    public var loss: Double
    /// Whether the commit has it; otherwise the guard refused it.
    public var counts: Bool

    /// Creates a group's entry.
    public init(
      clients: [String], means: [Double], weight: Double, loss: Double, counts: Bool = true
    ) {
      self.clients = clients
      self.means = means
      self.weight = weight
      self.loss = loss
      self.counts = counts
    }
  }

  /// The round, from 1.
  public var round: Int
  /// Seconds the round took.
  public var seconds: Double
  /// Mean of the participants' finite losses, by their weights.
  public var loss: Double
  /// The participants. In a round with secure aggregation their scalars and example counts are
  /// unknown, and their losses those of their groups.
  public var clients: [Client]
  /// What is known of a round with secure aggregation; empty in others. A resumed run needs them: the
  /// guard learnt from them.
  public var groups: [Group] = []
  /// Clients that answered and were left out. A resumed run needs them: the guard learnt from them.
  public var leftOut: [LeftOut]
  /// Blocks the commit changed.
  public var coveredBlocks: Int
  /// Payload bytes from all sites.
  public var bytesUp: Int
  /// Payload bytes to all sites.
  public var bytesDown: Int
  /// The process's peak resident memory.
  public var peakMemoryBytes: Int
  /// Sites whose answers turned out to be out of line with this round, a sentence each.
  public var alarms: [String] = []

  /// What the round and those before it have spent of a promise of privacy, at most, at the site that
  /// spent most; nil where the run promises nothing.
  public var epsilon: Double?

  /// The line as JSON.
  package var json: JSONValue {
    var members: [(String, JSONValue)] = [
      ("round", .integer(round)), ("seconds", .number(seconds)), ("loss", .number(loss)),
      ("per_client", .array(clients.map(\.json))),
      ("left_out", .array(leftOut.map(\.json))),
      ("active_blocks", .integer(coveredBlocks)), ("bytes_up", .integer(bytesUp)),
      ("bytes_down", .integer(bytesDown)), ("peak_memory_bytes", .integer(peakMemoryBytes)),
    ]
    if !alarms.isEmpty { members.append(("alarms", .array(alarms.map { .string($0) }))) }
    if !groups.isEmpty { members.append(("groups", .array(groups.map(\.json)))) }
    if let epsilon { members.append(("epsilon", .number(epsilon))) }
    return RunConfiguration.object(members)
  }

  /// Reads a line back; nil when it is not a round's.
  package init?(json: JSONValue) {
    guard let round = json["round"]?.integer, let seconds = json["seconds"]?.double,
      let loss = json["loss"]?.double, let clients = json["per_client"]?.array,
      let covered = json["active_blocks"]?.integer, let up = json["bytes_up"]?.integer,
      let down = json["bytes_down"]?.integer, let peak = json["peak_memory_bytes"]?.integer
    else { return nil }
    self.round = round
    self.seconds = seconds
    self.loss = loss
    self.coveredBlocks = covered
    self.bytesUp = up
    self.bytesDown = down
    self.peakMemoryBytes = peak
    epsilon = json["epsilon"]?.double
    self.clients = []
    self.leftOut = []
    self.alarms = json["alarms"]?.array?.compactMap(\.string) ?? []
    self.groups = []
    for group in json["groups"]?.array ?? [] {
      guard let group = Group(json: group) else { return nil }
      groups.append(group)
    }
    for client in json["left_out"]?.array ?? [] {
      guard let name = client["client"]?.string, let scalars = client["scalars"]?.array else {
        return nil
      }
      leftOut.append(
        LeftOut(
          name: name, scalars: scalars.compactMap { $0.double.map { Float($0) } },
          passes: client["passes"]?.integer))
    }
    for client in clients {
      guard let name = client["client"]?.string, let loss = client["loss"]?.double,
        let scalars = client["scalars"]?.array, let examples = client["examples"]?.integer,
        let active = client["active_blocks"]?.integer
      else { return nil }
      self.clients.append(
        Client(
          name: name, loss: loss, scalars: scalars.compactMap { $0.double.map { Float($0) } },
          halfScalars: client["half_scalars"]?.array?.compactMap(HalfScalars.init(json:)),
          examples: examples, activeBlocks: active, passes: client["passes"]?.integer))
    }
  }

  /// Creates a line.
  package init(
    round: Int, seconds: Double, loss: Double, clients: [Client], leftOut: [LeftOut] = [],
    coveredBlocks: Int, bytesUp: Int, bytesDown: Int, peakMemoryBytes: Int
  ) {
    self.round = round
    self.seconds = seconds
    self.loss = loss
    self.clients = clients
    self.leftOut = leftOut
    self.coveredBlocks = coveredBlocks
    self.bytesUp = bytesUp
    self.bytesDown = bytesDown
    self.peakMemoryBytes = peakMemoryBytes
  }
}

extension RoundMetrics.Client {
  fileprivate var json: JSONValue {
    var members: [(String, JSONValue)] = [
      ("client", .string(name)), ("loss", .number(loss)),
      ("scalars", .array(scalars.map { .number(Double($0)) })),
    ]
    if let halfScalars {
      let pairs = halfScalars.map { pair -> JSONValue in
        .array([.number(Double(pair.first)), .number(Double(pair.second))])
      }
      members.append(("half_scalars", .array(pairs)))
    }
    members += [("examples", .integer(examples)), ("active_blocks", .integer(activeBlocks))]
    if let passes { members.append(("passes", .integer(passes))) }
    var object = JSONObject()
    for (key, value) in members { _ = object.append(.init(key: key, value: value)) }
    return .object(object)
  }
}

extension RoundMetrics.LeftOut {
  fileprivate var json: JSONValue {
    var members: [(String, JSONValue)] = [
      ("client", .string(name)),
      ("scalars", .array(scalars.map { .number(Double($0)) })),
    ]
    if let passes { members.append(("passes", .integer(passes))) }
    var object = JSONObject()
    for (key, value) in members { _ = object.append(.init(key: key, value: value)) }
    return .object(object)
  }
}

extension RoundMetrics.HalfScalars {
  /// Nil unless it is a pair of numbers.
  fileprivate init?(json: JSONValue) {
    guard let pair = json.array, pair.count == 2, let first = pair.first?.double,
      let second = pair.last?.double
    else { return nil }
    self.init(first: Float(first), second: Float(second))
  }
}
