import Crypto

/// The random streams of a run besides its directions, each under a name of its own.
///
/// The seed of stream `name` at `index` is the first 8 bytes, little endian, of HMAC-SHA256 under the
/// run key of "zorba/1/stream/" | name | 0 | index u64, so no stream can meet another one or a
/// direction.
package enum RunStream: String, Sendable {
  /// How rows are spread over clients.
  case partition
  /// Who takes part in a round.
  case participation
  /// Which blocks a random plan gives to whom.
  case activation
  /// A client's minibatches. All participants can derive which rows by number are in which, not what
  /// these say; where privacy rests on nobody knowing, rows are drawn in another way.
  case minibatches
  /// What first-order training leaves out of a step, by client, round and step.
  case dropout
  /// The directions of a probe of the model's blocks, apart from those of training.
  case probes
  /// The first values of an adapter.
  case adapter

  /// The seed of the stream at an index.
  package func seed(runKey: RunKey, index: UInt64) -> UInt64 {
    var message = Array("zorba/1/stream/\(rawValue)".utf8)
    message.append(0)
    message.append(littleEndian: index)
    let code = HMAC<SHA256>.authenticationCode(
      for: message, using: SymmetricKey(data: runKey.bytes))
    return code.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
