package import ZorBADiagnostics

/// What a round does to the weights, as everyone applies it: the unit of the journal.
///
/// For every element of a covered block, in binary32,
///
///     acc = w * decay                       (only when decay is not 1)
///     acc = fma(kappa, z, acc)              for every coefficient, in order of application
///     w   = round(acc)
///
/// Order of application: the direction p runs innermost, the step h next, the client outermost, in
/// ascending number (numerics spec 1, section 5). Blocks without coefficients keep their bits.
///
/// Invariants, held by `init`: 1 ... 4096 directions and steps; finite coefficients; blocks and
/// clients strictly ascending, clients from 1 and at most 65536 of them; 0 < decay <= 1. A coefficient of zero is applied
/// like any other (it turns -0 into +0).
package struct CommittedRound: Hashable, Sendable {
  /// The coefficients of one block.
  package struct BlockCoefficients: Hashable, Sendable {
    /// The block, as `TensorID` counts: 0 lies outside the transformer blocks.
    package let block: Int
    /// kappa = -(eta / P) C, rounded once to binary32. [steps, directions]
    package let values: [Float]

    package init(block: Int, values: [Float]) {
      self.block = block
      self.values = values
    }
  }

  /// The coefficients of one client's own directions.
  package struct ClientCoefficients: Hashable, Sendable {
    package let client: UInt32
    /// The client's active blocks, ascending.
    package let blocks: [BlockCoefficients]

    package init(client: UInt32, blocks: [BlockCoefficients]) {
      self.client = client
      self.blocks = blocks
    }
  }

  /// The coefficients, by the seeding mode of the run.
  package enum Coefficients: Hashable, Sendable {
    /// The covered blocks, ascending.
    case shared([BlockCoefficients])
    /// The clients that answered, ascending.
    case perClient([ClientCoefficients])

    package var seeding: SeedingMode {
      switch self {
      case .shared: .shared
      case .perClient: .perClient
      }
    }
  }

  /// Counted from 1; round 0 is the base model.
  package let number: UInt64
  /// eta_t. The coefficients contain it already; it is here so that C can be recomputed.
  package let learningRate: Double
  /// P, directions a step.
  package let directions: Int
  /// H, local steps.
  package let steps: Int
  /// The factor of decoupled weight decay on covered blocks; 1 is none.
  package let decay: Float
  /// The clients whose answers were used, ascending.
  package let participants: [UInt32]
  package let coefficients: Coefficients

  /// The most directions or steps a round may have.
  package static let maximumExtent = 4096
  /// The most clients that may take part in a round.
  package static let maximumParticipants = 1 << 16
  /// Block numbers are below this (`TensorID`).
  package static let blockLimit = 1 << 20

  /// - Throws: `ZorBAError` with `code` naming the invariant that does not hold.
  package init(
    number: UInt64, learningRate: Double, directions: Int, steps: Int = 1, decay: Float = 1,
    participants: [UInt32], coefficients: Coefficients, code: ZorBAError.Code = .invalidData
  ) throws {
    self.number = number
    self.learningRate = learningRate
    self.directions = directions
    self.steps = steps
    self.decay = decay
    self.participants = participants
    self.coefficients = coefficients
    if let (field, fault) = violation() {
      throw ZorBAError(
        code, "round \(number): \(fault)", at: .init(field: field),
        advice: code == .invalidJournal ? "The journal was written by faulty software." : nil)
    }
  }

  /// The blocks this round changes, ascending.
  package var coveredBlocks: [Int] {
    switch coefficients {
    case .shared(let blocks): blocks.map(\.block)
    case .perClient(let clients): Set(clients.flatMap { $0.blocks.map(\.block) }).sorted()
    }
  }

  /// binary32 coefficients in all.
  package var coefficientCount: Int {
    switch coefficients {
    case .shared(let blocks): blocks.reduce(0) { $0 + $1.values.count }
    case .perClient(let clients):
      clients.reduce(0) { $0 + $1.blocks.reduce(0) { $0 + $1.values.count } }
    }
  }

  /// kappa = -(eta / P) C in binary64, rounded once to the nearest binary32.
  package static func coefficient(
    learningRate: Double, directions: Int, scalar: Double
  ) -> Float {
    Float(-(learningRate / Double(directions)) * scalar)
  }
}

// MARK: - Invariants

extension CommittedRound {
  private func violation() -> (field: String, fault: String)? {
    let extents = 1...Self.maximumExtent
    if number == 0 { return ("round", "rounds are numbered from 1") }
    if !learningRate.isFinite || learningRate < 0 {
      return ("learning_rate", "learning rate \(learningRate) is not a finite number from 0 up")
    }
    if !extents.contains(directions) {
      return ("directions", "\(directions) directions; 1 to \(Self.maximumExtent) are possible")
    }
    if !extents.contains(steps) {
      return ("local_steps", "\(steps) local steps; 1 to \(Self.maximumExtent) are possible")
    }
    if !(decay > 0 && decay <= 1) {
      return ("decay", "decay factor \(decay) does not lie in (0, 1]")
    }
    if participants.count > Self.maximumParticipants {
      return ("participants", "\(participants.count) are more than \(Self.maximumParticipants)")
    }
    if let fault = Self.orderFault(participants.map(Int.init), from: 1, limit: 1 << 32) {
      return ("participants", "client \(fault)")
    }
    switch coefficients {
    case .shared(let blocks): return violation(in: blocks)
    case .perClient(let clients):
      if clients.map(\.client) != participants {
        return ("participants", "the clients with coefficients are not the participants")
      }
      for client in clients {
        if let (field, fault) = violation(in: client.blocks) {
          return (field, "client \(client.client): \(fault)")
        }
      }
      return nil
    }
  }

  private func violation(in blocks: [BlockCoefficients]) -> (field: String, fault: String)? {
    if let fault = Self.orderFault(blocks.map(\.block), from: 0, limit: Self.blockLimit) {
      return ("blocks", "block \(fault)")
    }
    for block in blocks {
      if block.values.count != steps * directions {
        return (
          "coefficients",
          "block \(block.block) has \(block.values.count) coefficients, not \(steps * directions)"
        )
      }
      if let value = block.values.first(where: { !$0.isFinite }) {
        return ("coefficients", "block \(block.block) has the coefficient \(value)")
      }
    }
    return nil
  }

  private static func orderFault(_ numbers: [Int], from first: Int, limit: Int) -> String? {
    var previous = first - 1
    for number in numbers {
      if number <= previous { return "\(number) is out of order" }
      if number >= limit { return "\(number) is out of range" }
      previous = number
    }
    return nil
  }
}
