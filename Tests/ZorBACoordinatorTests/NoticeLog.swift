import Synchronization

/// Notices in the order in which they came, and waits for them.
final class NoticeLog<Notice: Sendable>: Sendable {
  private struct State {
    var notices: [Notice] = []
    var listeners: [AsyncStream<Notice>.Continuation] = []
  }

  private let state = Mutex(State())

  func append(_ notice: Notice) {
    state.withLock { state in
      state.notices.append(notice)
      for listener in state.listeners { listener.yield(notice) }
    }
  }

  /// What came so far.
  var all: [Notice] { state.withLock { $0.notices } }

  /// The first notice of which something can be made, of those that came and those that will.
  ///
  /// - Parameter start: How many of the first ones are passed over.
  /// - Throws: `CancellationError` when the test's time is over.
  @discardableResult
  func first<Value: Sendable>(
    after start: Int = 0, _ value: (Notice) throws -> Value?
  ) async throws -> Value {
    let (stream, continuation) = AsyncStream<Notice>.makeStream()
    state.withLock { state in
      for notice in state.notices.dropFirst(start) { continuation.yield(notice) }
      state.listeners.append(continuation)
    }
    for await notice in stream {
      if let value = try value(notice) { return value }
    }
    throw CancellationError()
  }

  /// How many came so far.
  var count: Int { state.withLock { $0.notices.count } }
}
