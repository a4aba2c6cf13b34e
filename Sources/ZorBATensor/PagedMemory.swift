/// Writable memory that lies in a file: its pages can be fetched ahead and given back.
///
/// Giving pages back loses nothing. What was written stays in the file, or in the system's cache of
/// it, and is there again when it is next touched.
package protocol PagedMemory: AnyObject, Sendable {
  var bytes: UnsafeMutableRawPointer { get }
  var byteCount: Int { get }

  /// Begins to fetch the pages under `range` from the disk; does not wait for them.
  func willNeed(_ range: Range<Int>)

  /// Takes the pages under `range` out of this process.
  func drop(_ range: Range<Int>)
}
