import GRPCCore

/// What the peer sends on a stream, each message checked as it is taken.
///
/// Pulls: what is not asked for stays with the peer beyond the bounds of the windows.
package struct ValidatedMessages<Message: WireMessage>: AsyncSequence, Sendable {
  package typealias Element = Message

  private let messages: RPCAsyncSequence<Message, any Error>
  private let limits: WireLimits
  private let translate: @Sendable (any Error) -> any Error

  init(
    _ messages: RPCAsyncSequence<Message, any Error>, limits: WireLimits,
    translate: @escaping @Sendable (any Error) -> any Error = { $0 }
  ) {
    self.messages = messages
    self.limits = limits
    self.translate = translate
  }

  package struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate var messages: RPCAsyncSequence<Message, any Error>.AsyncIterator
    fileprivate let limits: WireLimits
    fileprivate let translate: @Sendable (any Error) -> any Error

    /// The next message; nothing when the peer ended the stream.
    ///
    /// - Throws: `invalidData` for a message that breaks a rule, and what broke the stream.
    package mutating func next() async throws -> Message? {
      let message: Message?
      do {
        message = try await messages.next()
      } catch {
        throw translate(error)
      }
      try message?.validate(within: limits)
      return message
    }
  }

  package func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(messages: messages.makeAsyncIterator(), limits: limits, translate: translate)
  }
}
