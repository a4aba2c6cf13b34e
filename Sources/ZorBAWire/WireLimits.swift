/// What a peer may cost: every bound of the wire, in one place.
///
/// A bound exists for whatever grows with what a peer sends, withholds or leaves unread. The
/// defaults fit the largest supported runs with room to spare; see `docs/wire.md`.
package struct WireLimits: Hashable, Sendable {
  /// The size of one message, either way, in bytes.
  package var maximumMessageBytes = 1 << 20
  /// Calls that one connection may have open at a time.
  package var maximumStreamsPerConnection = 64
  /// Connections that a server holds; further ones are closed as they come.
  package var maximumConnections = 4096
  /// Connections that one certificate may hold at a time.
  package var maximumConnectionsPerCertificate = 8
  /// Bytes that a peer may have in flight before they are read (HTTP/2 window), a stream and a
  /// connection each.
  package var windowBytes = 1 << 18
  /// From the TCP connection to the end of the TLS handshake.
  package var handshakeTimeout: Duration = .seconds(15)
  /// The longest a client waits for a TCP connection.
  package var connectTimeout: Duration = .seconds(15)
  /// Between a client's pings.
  package var keepaliveInterval: Duration = .seconds(30)
  /// Silence beyond the interval after which either side takes the other for dead.
  package var keepaliveTimeout: Duration = .seconds(20)
  /// How long a write may wait for a peer that does not read.
  package var writeTimeout: Duration = .seconds(60)
  /// How long the peer may take to end a stream that ended here.
  package var endTimeout: Duration = .seconds(5)
  /// The longest a client waits for the answer to a call that has one answer.
  package var callTimeout: Duration = .seconds(300)

  /// Bytes of a journal's header payload.
  package var maximumHeaderBytes = 1 << 19
  /// Bytes of the payload of a journal record that is no round.
  package var maximumRecordBytes = 1 << 19
  /// Bytes of packed numbers in one message: coefficients, scalars.
  package var maximumPackedBytes = 1 << 19
  /// Bytes of one step of a secure aggregation: keys or shares of a site's neighbours, masked numbers.
  package var maximumSecureBytes = 1 << 19
  /// Bytes of a site's costs in JSON.
  package var maximumCostsBytes = 1 << 19
  /// Bytes of a site's figures by segment in JSON.
  package var maximumSegmentsBytes = 1 << 17
  /// Bytes of a sentence that a peer sends for people to read.
  package var maximumTextBytes = 4096
  /// Bytes of a run's, site's or file's name.
  package var maximumNameBytes = 255
  /// Bytes of a run file's text.
  package var maximumRunFileBytes = 1 << 18
  /// Elements of a list: files, runs, sites, overrides.
  package var maximumElements = 65_536
  /// Certificates in a chain, and bytes of each of them or of a signing request.
  package var maximumCertificates = 8
  package var maximumCertificateBytes = 16_384
  /// Bytes of a piece of a journal, a model or an update.
  package var maximumPieceBytes = 1 << 19

  package init() {}

  /// The silence after which a connection is dead.
  package var silenceTimeout: Duration { keepaliveInterval + keepaliveTimeout }
}
