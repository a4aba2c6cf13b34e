import GRPCCore
import ZorBADiagnostics

/// What the peer sends on a stream, each message checked as it is taken.
///
/// Pulls: what is not asked for stays with the peer beyond the bounds of the windows. All iterators
/// take from the same stream, one after the other.
package struct ValidatedMessages<Message: WireMessage>: AsyncSequence, Sendable {
  package typealias Element = Message

  private let reader: MessageReader<Message>

  init(
    _ messages: RPCAsyncSequence<Message, any Error>, limits: WireLimits,
    translate: @escaping @Sendable (any Error) -> any Error = { $0 }
  ) {
    reader = MessageReader(messages, limits: limits, translate: translate)
  }

  package struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate let reader: MessageReader<Message>

    /// The next message; nothing when the peer ended the stream.
    ///
    /// - Throws: `invalidData` for a message that breaks a rule, and what broke the stream.
    package mutating func next() async throws -> Message? { try await reader.next() }
  }

  package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(reader: reader) }

  /// Takes and forgets what is left, until the peer ends the stream or the time is over.
  func drain(within time: Duration) async {
    await withTaskGroup { group in
      group.addTask { while let _ = try? await reader.next() {} }
      group.addTask { try? await ContinuousClock().sleep(for: time) }
      await group.next()
      group.cancelAll()
    }
  }
}

/// The one iterator that a stream allows, lent to one read at a time.
private actor MessageReader<Message: WireMessage> {
  private var iterator: RPCAsyncSequence<Message, any Error>.AsyncIterator?
  private let limits: WireLimits
  private let translate: @Sendable (any Error) -> any Error

  init(
    _ messages: RPCAsyncSequence<Message, any Error>, limits: WireLimits,
    translate: @escaping @Sendable (any Error) -> any Error
  ) {
    iterator = messages.makeAsyncIterator()
    self.limits = limits
    self.translate = translate
  }

  func next() async throws -> Message? {
    guard var lent = iterator else {
      throw ZorBAError(.interrupted, "two tasks read from one stream at a time")
    }
    iterator = nil
    defer { iterator = lent }
    let message: Message?
    do {
      message = try await lent.next(isolation: self)
    } catch {
      throw translate(error)
    }
    try message?.validate(within: limits)
    return message
  }
}
