import GRPCCore

/// Sends messages on a stream.
///
/// A write returns when the transport took the message, and waits while the peer does not read; the
/// connection is cut off when that lasts longer than the bound.
package struct WireWriter<Message: WireMessage>: Sendable {
  private let writer: RPCWriter<Message>
  private let limits: WireLimits
  private let writes: StalledWrites
  private let translate: @Sendable (any Error) -> any Error

  init(
    _ writer: RPCWriter<Message>, limits: WireLimits, writes: StalledWrites,
    translate: @escaping @Sendable (any Error) -> any Error = { $0 }
  ) {
    self.writer = writer
    self.limits = limits
    self.writes = writes
    self.translate = translate
  }

  /// Sends a message.
  ///
  /// - Throws: `invalidData` for a message that breaks a rule of the protocol, and what broke the
  ///   stream.
  package func send(_ message: Message) async throws {
    try message.validate(within: limits)
    do {
      try await writes.during { try await writer.write(message) }
    } catch {
      throw translate(error)
    }
  }
}
