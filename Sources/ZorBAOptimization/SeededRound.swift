import ZorBATensor

/// A round with its seeds derived: everything the update of any tensor needs but the tensor.
struct SeededRound {
  /// One direction and its weight, for every tensor of a block.
  struct Term {
    let direction: Direction
    let coefficient: Float
  }

  let number: UInt64
  let roundingSeed: UInt64
  let decay: Float
  /// In order of application; empty for a block that keeps its bits. [blocks][terms]
  let terms: [[Term]]

  /// The most terms any block has.
  var termCount: Int { terms.reduce(0) { max($0, $1.count) } }
}

extension SeededRound {
  /// Expands a committed round; its blocks lie below `blockCount`.
  init(_ round: CommittedRound, schedule: DirectionSchedule, blockCount: Int) {
    var terms = [[Term]](repeating: [], count: blockCount)
    switch round.coefficients {
    case .shared(let blocks):
      Self.append(blocks, of: round, client: 0, schedule: schedule, to: &terms)
    case .perClient(let clients):
      for client in clients {
        Self.append(
          client.blocks, of: round, client: client.client, schedule: schedule, to: &terms)
      }
    }
    self.init(
      number: round.number, roundingSeed: schedule.roundingSeed(round: round.number),
      decay: round.decay, terms: terms)
  }

  private static func append(
    _ blocks: [CommittedRound.BlockCoefficients], of round: CommittedRound, client: UInt32,
    schedule: DirectionSchedule, to terms: inout [[Term]]
  ) {
    // [steps * directions], the order of the coefficients
    let directions = (0..<round.steps).flatMap {
      schedule.directions(
        round: round.number, step: $0, count: round.directions, client: client)
    }
    for block in blocks {
      terms[block.block].append(
        contentsOf: zip(directions, block.values).map {
          Term(direction: $0, coefficient: $1)
        })
    }
  }
}
