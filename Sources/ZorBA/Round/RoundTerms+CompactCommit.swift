package import ZorBAFederation
package import ZorBAOptimization

/// Rounds to and from what is sent of them.
extension RoundTerms {
  /// What is sent of a committed round.
  ///
  /// - Parameter plan: The plan that the round followed.
  /// - Throws: `ZorBAError` with code `invalidData` when the round is none of this run and plan, so
  ///   that it could not be expanded again.
  package func compact(_ round: CommittedRound, plan: ActivationPlan) throws -> CompactCommit {
    let number = try number(round.number)
    let training = training(round: number, plan: plan)
    let counted = Set(round.participants.map { Int($0) - 1 })
    var participants: [UInt8] = []
    if counted != Set(training) {
      participants = [UInt8](repeating: 0, count: (training.count + 7) / 8)
      for (index, client) in training.enumerated() where counted.contains(client) {
        participants[index / 8] |= 1 << UInt8(index % 8)
      }
    }
    var coefficients: [UInt8] = []
    let sent: [CommittedRound.BlockCoefficients] =
      switch round.coefficients {
      case .shared(let blocks): blocks
      case .perClient(let clients): clients.flatMap(\.blocks)
      }
    for value in sent.lazy.flatMap(\.values) {
      coefficients.append(contentsOf: littleEndian(value))
    }
    let commit = CompactCommit(
      round: round.number, participants: participants, coefficients: coefficients)
    guard try expand(commit, plan: plan) == round else {
      throw CompactCommit.fault(round.number, "it does not follow the plan and schedule of the run")
    }
    return commit
  }

  /// The committed round that was sent; its bytes in the journal are those of the sender.
  ///
  /// - Parameter plan: The plan that the round follows.
  /// - Throws: `ZorBAError` with code `invalidData` when it does not fit the plan or holds anything
  ///   that no commit holds.
  package func expand(_ commit: CompactCommit, plan: ActivationPlan) throws -> CommittedRound {
    let number = try number(commit.round)
    let participants = try participants(of: commit, round: number, plan: plan)
    let rows = participants.map { (client: $0, blocks: blocks(of: $0, round: number, plan: plan)) }
    let groups: [[Int]] =
      switch method.seeding {
      case .shared: [Set(rows.flatMap(\.blocks)).sorted()]
      case .perClient: rows.map(\.blocks)
      }
    let byteCount = 4 * valuesPerBlock * groups.reduce(0) { $0 + $1.count }
    // Only then is memory taken.
    guard commit.coefficients.count == byteCount else {
      throw CompactCommit.fault(
        commit.round,
        "it has \(commit.coefficients.count) bytes of coefficients; the plan asks for \(byteCount)")
    }
    var values = Values(bytes: commit.coefficients)
    let read: [[CommittedRound.BlockCoefficients]] = groups.map { group in
      group.map {
        CommittedRound.BlockCoefficients(block: $0, values: values.next(valuesPerBlock))
      }
    }
    let aggregation = aggregation(round: number)
    return try CommittedRound(
      number: commit.round, learningRate: aggregation.learningRate,
      directions: method.directions, steps: method.localSteps, decay: aggregation.decay,
      participants: participants.map { UInt32($0 + 1) },
      coefficients: method.seeding == .shared
        ? .shared(read[0])
        : .perClient(
          zip(participants, read).map { .init(client: UInt32($0 + 1), blocks: $1) }))
  }

  private func number(_ round: UInt64) throws -> Int {
    guard let number = Int(exactly: round), number > 0 else {
      throw CompactCommit.fault(round, "no run has such a round")
    }
    return number
  }

  /// The clients that train in a round, ascending.
  private func training(round: Int, plan: ActivationPlan) -> [Int] {
    let matrix = plan.matrix(round: round)
    return (0..<matrix.clientCount).filter { !matrix.isResting($0) }
  }

  private func participants(
    of commit: CompactCommit, round: Int, plan: ActivationPlan
  ) throws -> [Int] {
    let training = training(round: round, plan: plan)
    let bits = commit.participants
    guard !bits.isEmpty else { return training }
    guard bits.count == (training.count + 7) / 8 else {
      throw CompactCommit.fault(
        commit.round, "\(bits.count) bytes say who of \(training.count) clients counts")
    }
    let counted = training.indices.filter { bits[$0 / 8] >> UInt8($0 % 8) & 1 == 1 }
    let set = bits.reduce(0) { $0 + $1.nonzeroBitCount }
    guard set == counted.count, !counted.isEmpty, counted.count < training.count else {
      throw CompactCommit.fault(commit.round, "who counts is not written in the one way there is")
    }
    return counted.map { training[$0] }
  }

  private func littleEndian(_ value: Float) -> [UInt8] {
    let bits = value.bitPattern
    return [UInt8(bits & 255), UInt8(bits >> 8 & 255), UInt8(bits >> 16 & 255), UInt8(bits >> 24)]
  }

  /// Takes binary32 numbers off checked bytes.
  private struct Values {
    let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func next(_ count: Int) -> [Float] {
      (0..<count).map { _ in
        defer { position += 4 }
        return Float(
          bitPattern: bytes[position..<position + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) })
      }
    }
  }
}

extension Aggregation {
  /// What covered blocks shrink by, as a commit of this round says.
  var decay: Float { Float(1 - learningRate * weightDecay) }
}
