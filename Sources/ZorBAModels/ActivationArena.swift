import Synchronization
import ZorBATensor

/// Memory for one forward pass, handed out and taken back in stack order.
///
/// The same pass is run twice: first measuring, when nothing is computed and only the demand is
/// counted, then for real in memory of exactly that size. So the prediction of activation memory
/// cannot drift from what is used, and no step of a pass can fail for want of memory.
final class ActivationArena {
  private var buffer: AlignedBuffer
  private var used = 0
  /// The largest demand so far, in bytes.
  private(set) var peak = 0
  /// True when memory is only counted.
  let isMeasuring: Bool

  private static let alignment = 64

  /// - Throws: `ZorBAError` with code `inputOutput` when memory is exhausted.
  init(measuring: Bool = false) throws {
    isMeasuring = measuring
    buffer = try AlignedBuffer(byteCount: Self.alignment)
  }

  /// Makes room for a pass that was measured to need `byteCount` bytes.
  ///
  /// Memory of an earlier, larger pass is kept; untouched pages cost nothing.
  func reserve(_ byteCount: Int) throws {
    precondition(used == 0 && !isMeasuring)
    if byteCount > buffer.byteCount { buffer = try AlignedBuffer(byteCount: byteCount) }
    peak = 0
  }

  /// `byteCount` bytes, 64-byte aligned, contents undefined, valid until the enclosing scope ends.
  func allocate(byteCount: Int) -> UnsafeMutableRawPointer {
    let start = used
    used += (byteCount + Self.alignment - 1) / Self.alignment * Self.alignment
    peak = max(peak, used)
    precondition(isMeasuring || used <= buffer.byteCount, "a pass outgrew its measurement")
    return buffer.bytes + start
  }

  func allocate<Element>(_ type: Element.Type, count: Int) -> UnsafeMutablePointer<Element> {
    allocate(byteCount: count * MemoryLayout<Element>.stride)
      .bindMemory(to: type, capacity: max(count, 1))
  }

  /// A place to come back to with `release(to:)`.
  var mark: Int { used }

  /// Takes back everything allocated since `mark` was read.
  func release(to mark: Int) {
    precondition(mark <= used)
    used = mark
  }

  /// Runs `body` and takes back everything it allocated.
  func scope<Result>(_ body: () throws -> Result) rethrows -> Result {
    let mark = used
    defer { used = mark }
    return try body()
  }
}

/// Arenas kept between evaluations, so that steady training allocates nothing.
///
/// Concurrent evaluations of one model each get an arena of their own.
final class ActivationPool: Sendable {
  private let idle = Mutex<[UncheckedArena]>([])

  /// Gives the memory of idle arenas back to the system.
  func drain() { idle.withLock { $0.removeAll() } }

  /// Runs `body` with an arena of at least `byteCount` bytes.
  func withArena<Result>(
    byteCount: Int, _ body: (ActivationArena) throws -> Result
  ) throws -> Result {
    let taken = idle.withLock { $0.popLast() }
    let arena = try taken?.arena ?? ActivationArena()
    try arena.reserve(byteCount)
    let box = UncheckedArena(arena: arena)
    defer { idle.withLock { $0.append(box) } }
    return try arena.scope { try body(arena) }
  }
}

/// `@unchecked Sendable`: an arena is in the pool or with exactly one evaluation, never both.
private struct UncheckedArena: @unchecked Sendable {
  let arena: ActivationArena
}
