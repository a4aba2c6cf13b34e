import NIOCore
import NIOSSL
import NIOTLS

/// What a side does at the turns of a connection's life; called on its event loop.
protocol ConnectionObserver: AnyObject {
  /// TCP is connected.
  func opened(_ channel: any Channel)
  /// TLS 1.3 is agreed, and the peer showed this leaf certificate (DER). Throws to end the
  /// connection.
  func secured(leaf: [UInt8]) throws
  /// The first bytes of the peer's came through TLS.
  func heard()
  /// The connection is over. The first error that was seen on it, or why it was ended here.
  func closed(_ reason: (any Error)?)
}

/// Why this side ended a connection.
enum ConnectionEnd: Error, CustomStringConvertible {
  case handshakeTimeout(Duration)
  case silence(Duration)
  case unread(Duration)
  case oldTLS
  case otherProtocol(String?)
  case noCertificate

  var description: String {
    switch self {
    case .handshakeTimeout(let limit): "no TLS handshake within \(limit)"
    case .silence(let limit): "nothing heard for \(limit)"
    case .unread(let limit): "what was sent stayed unread for \(limit)"
    case .oldTLS: "a TLS version before 1.3"
    case .otherProtocol(let name): "the protocol '\(name ?? "none")' instead of h2"
    case .noCertificate: "no certificate"
    }
  }
}

/// Sees that a connection comes about in time, is what it must be, and stays alive.
///
/// Stands right behind TLS. Either side closes a connection on which nothing was heard for the
/// keepalive interval and its timeout: the client pings every interval, the server answers.
final class ConnectionWatch: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private let limits: WireLimits
  private let bytes: ByteCountingHandler
  private let writes: StalledWrites
  private let observer: any ConnectionObserver
  private var handshake: Scheduled<Void>?
  private var patrol: Scheduled<Void>?
  private var reason: (any Error)?
  private var isHeard = false
  private var isClosed = false

  init(
    limits: WireLimits, bytes: ByteCountingHandler, writes: StalledWrites,
    observer: any ConnectionObserver
  ) {
    self.limits = limits
    self.bytes = bytes
    self.writes = writes
    self.observer = observer
  }

  func handlerAdded(context: ChannelHandlerContext) {
    if context.channel.isActive { begin(context) }
  }

  func channelActive(context: ChannelHandlerContext) {
    begin(context)
    context.fireChannelActive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case .handshakeCompleted(let negotiated)? = event as? TLSUserEvent else {
      return context.fireUserInboundEventTriggered(event)
    }
    handshake?.cancel()
    handshake = nil
    do {
      let tls = context.pipeline.syncOperations
      guard try tls.nioSSL_tlsVersion() == .tlsv13 else { throw ConnectionEnd.oldTLS }
      guard negotiated == "h2" else { throw ConnectionEnd.otherProtocol(negotiated) }
      guard let certificate = try tls.nioSSL_peerCertificate() else {
        throw ConnectionEnd.noCertificate
      }
      try observer.secured(leaf: certificate.toDERBytes())
    } catch {
      return end(context, error)
    }
    watchAgain(context)
    context.fireUserInboundEventTriggered(event)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if !isHeard {
      isHeard = true
      observer.heard()
    }
    context.fireChannelRead(data)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if reason == nil { reason = error }
    context.fireErrorCaught(error)
  }

  func channelInactive(context: ChannelHandlerContext) {
    over()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { over() }

  private func begin(_ context: ChannelHandlerContext) {
    guard handshake == nil, !isClosed else { return }
    observer.opened(context.channel)
    handshake = context.eventLoop.assumeIsolated().scheduleTask(
      in: TimeAmount(limits.handshakeTimeout)
    ) { self.end(context, ConnectionEnd.handshakeTimeout(self.limits.handshakeTimeout)) }
  }

  private func watchAgain(_ context: ChannelHandlerContext) {
    guard !isClosed else { return }
    let shortest = min(limits.silenceTimeout, limits.writeTimeout)
    let pause = max(.milliseconds(5), min(.seconds(5), shortest / 8))
    patrol = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(pause)) {
      let now = NIODeadline.now()
      if now - self.bytes.lastRead > TimeAmount(self.limits.silenceTimeout) {
        self.end(context, ConnectionEnd.silence(self.limits.silenceTimeout))
      } else if let oldest = self.writes.oldest,
        now - oldest > TimeAmount(self.limits.writeTimeout)
      {
        self.end(context, ConnectionEnd.unread(self.limits.writeTimeout))
      } else {
        self.watchAgain(context)
      }
    }
  }

  /// Closes the socket itself: a peer that misbehaves is not waited for.
  private func end(_ context: ChannelHandlerContext, _ error: any Error) {
    if reason == nil || error is ConnectionEnd { reason = error }
    context.channel.closeAtOnce()
  }

  private func over() {
    guard !isClosed else { return }
    isClosed = true
    handshake?.cancel()
    patrol?.cancel()
    observer.closed(reason)
  }
}

extension Channel {
  /// Closes the socket without TLS's and HTTP/2's farewells; those that a peer must answer would
  /// let it linger.
  func closeAtOnce() {
    eventLoop.execute {
      guard
        let first = try? self.pipeline.syncOperations.context(handlerType: ByteCountingHandler.self)
      else { return self.close(promise: nil) }
      first.close(promise: nil)
    }
  }
}
