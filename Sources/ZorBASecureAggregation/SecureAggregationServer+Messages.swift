extension SecureAggregationServer {
  /// The phase's message for one member.
  func compose(for position: Int) -> [UInt8] {
    guard let graph else { return [] }
    switch phase {
    case .sharing: return roster(for: position, graph)
    case .masking: return delivery(for: position)
    case .confirming: return survivorList(for: position)
    case .unmasking: return signatures(for: position, graph)
    case .advertising, .finished, .failed: return []
    }
  }

  private func roster(for position: Int, _ graph: NeighbourGraph) -> [UInt8] {
    var writer = MessageKind.roster.begin(session)
    writer.append(fixed: present.bytes)
    for other in present.positions {
      let isAdjacent = graph.areNeighbours(position, other)
      writer.append(UInt8(isAdjacent ? 1 : 0))
      if isAdjacent, let advertisement = advertisements[other] {
        advertisement.write(to: &writer)
      } else {
        writer.append(fixed: entries[other])
      }
    }
    return writer.bytes
  }

  private func delivery(for position: Int) -> [UInt8] {
    guard let sharing = transcript?.sharing else { return [] }
    var writer = MessageKind.delivery.begin(session)
    writer.append(fixed: sharing.bytes)
    for other in adjacency[position] where sharing[other] {
      // Its shares are in the order of its neighbours that are present.
      let index = adjacency[other].count { $0 < position && present[$0] }
      let start = index * SealedShare.byteCount
      writer.append(fixed: sealed[other].dropFirst(start).prefix(SealedShare.byteCount))
    }
    return writer.bytes
  }

  private func survivorList(for position: Int) -> [UInt8] {
    var writer = MessageKind.survivors.begin(session)
    writer.append(fixed: survivors.bytes)
    for other in adjacency[position] where survivors[other] {
      writer.append(counted: inputSignatures[other])
    }
    return writer.bytes
  }

  /// As many signatures as are needed, and those first whose certificates the member has already.
  private func signatures(for position: Int, _ graph: NeighbourGraph) -> [UInt8] {
    var chosen = MemberSet(of: session.members.count)
    let adjacent = adjacency[position]
    for other in [position] + adjacent + signed.positions
    where signed[other] && chosen.count < session.parameters.minimumSurvivors {
      chosen.insert(other)
    }
    var writer = MessageKind.confirmations.begin(session)
    writer.append(fixed: chosen.bytes)
    for other in chosen.positions where other != position {
      writer.append(counted: confirmations[other])
      if !graph.areNeighbours(position, other) {
        writer.append(counted: advertisements[other]?.certificates ?? [])
      }
    }
    return writer.bytes
  }
}
