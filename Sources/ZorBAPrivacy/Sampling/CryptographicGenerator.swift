/// A source of bits that nobody can predict or repeat.
///
/// Sampling and noise hide something only as long as whoever sees the answers cannot reproduce them, so
/// neither may come from a run's seed.
package protocol CryptographicGenerator: RandomNumberGenerator {}

/// The operating system's: `getrandom` on Linux.
extension SystemRandomNumberGenerator: CryptographicGenerator {}
