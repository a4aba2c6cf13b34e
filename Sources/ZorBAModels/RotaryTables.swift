import Synchronization

/// The cosines and sines used so far, grown when a longer sequence comes.
final class RotaryTables: Sendable {
  private let table = Mutex<(positions: Int, values: [Float])>((0, []))

  /// [at least `count`, headSize]; empty without rotary positions.
  func table(for model: ModelConfiguration, positions count: Int) -> [Float] {
    guard case .rotary(let rotary) = model.positions else { return [] }
    return table.withLock { table in
      if table.positions < count {
        let grown = max(count, min(2 * table.positions, model.maximumPositions))
        table = (grown, rotary.table(positions: grown, headSize: model.headSize))
      }
      return table.values
    }
  }
}
