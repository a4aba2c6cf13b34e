import NIOCore
import Synchronization

/// The writes of a connection that wait for the peer to read.
final class StalledWrites: Sendable {
  private struct State {
    var next: UInt64 = 0
    var since: [UInt64: NIODeadline] = [:]
  }

  private let state = Mutex(State())

  /// Runs a write; it counts as waiting until it returns.
  func during(_ write: () async throws -> Void) async rethrows {
    let key = state.withLock { state in
      state.next &+= 1
      state.since[state.next] = .now()
      return state.next
    }
    defer { state.withLock { _ = $0.since.removeValue(forKey: key) } }
    try await write()
  }

  /// When the oldest write that still waits began.
  var oldest: NIODeadline? { state.withLock { $0.since.values.min() } }
}
