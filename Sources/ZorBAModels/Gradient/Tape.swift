/// What a pass did, written down so that it can be walked backwards (Linnainmaa, 1970).
///
/// Every operation that a gradient goes through leaves one step. Activations live in the arena and
/// are changed in place, so two rules keep the record sound:
///
/// - The gradient of an activation is found by its address. Spans of memory that carry gradients
///   get a shadow of the same layout, so views and in-place operations need no bookkeeping: the
///   shadow holds the gradient with respect to what the memory contained at that point of the walk.
/// - What a step reads later is kept by reference. An operation announces what it overwrites, and
///   kept values there are copied first.
///
/// The record is cut into segments, one for each transformer block. The first holds the embedding
/// and with it the residual stream, whose shadow outlives the others.
final class Tape {
  typealias Step = (ForwardPass) -> Void

  /// One activation as it was allocated, with all views into it.
  private struct Span {
    let start: UnsafeMutablePointer<Float>
    let count: Int
    /// Whether a trainable parameter has contributed to it.
    var isTracked = false
    var shadow: UnsafeMutablePointer<Float>?
  }

  /// The steps of one block.
  private final class Segment {
    var spans: [Span] = []
    var steps: [Step] = []
    /// What the arena held before it.
    let mark: Int
    /// Set when the block is to be run again: its input, and what it is.
    var replay: Replay?

    init(mark: Int) { self.mark = mark }
  }

  struct Replay {
    let block: Int
    let hidden: Activation
    /// A copy of the hidden states the block began with.
    let input: Activation
    /// Whether a gradient flows into the block's input.
    let isInputTracked: Bool
    let wanted: WantedRows
    let body: (Activation, ForwardPass) -> Activation
  }

  let recording: Recording
  private(set) var isRecording = true
  /// dLoss/dvalue of every value of the pass, known once the pass has ended.
  private(set) var derivatives: [Double] = []
  private let stem = Segment(mark: 0)
  private var isStemOpen = true
  private var segments: [Segment] = []
  private var current: Segment
  private var kept: [Kept] = []

  init(_ recording: Recording) {
    self.recording = recording
    current = stem
  }

  // MARK: - Writing

  func append(_ step: @escaping Step) { current.steps.append(step) }

  /// Runs `body` without recording.
  func pausing<Result>(_ body: () -> Result) -> Result {
    let outer = isRecording
    isRecording = false
    defer { isRecording = outer }
    return body()
  }

  /// Notes memory that may come to carry gradients.
  func register(_ start: UnsafeMutablePointer<Float>, count: Int) {
    current.spans.append(Span(start: start, count: count))
  }

  /// Whether a gradient can reach `x`.
  func isTracked(_ x: Activation) -> Bool {
    guard let place = place(of: x) else { return false }
    return place.segment.spans[place.index].isTracked
  }

  /// Declares that `x` depends on trainable parameters from here on, or no longer.
  func track(_ x: Activation, _ isTracked: Bool = true) {
    guard let place = place(of: x) else {
      preconditionFailure("an activation that was made while nothing was recorded")
    }
    place.segment.spans[place.index].isTracked = isTracked
  }

  private func place(of x: Activation) -> (segment: Segment, index: Int)? {
    for segment in [current, stem] {
      let index = segment.spans.lastIndex { $0.start <= x.base && x.base < $0.start + $0.count }
      if let index { return (segment, index) }
    }
    return nil
  }

  // MARK: - Keeping

  /// The contents of `x` as they are after this operation, for its step.
  func keep(_ x: Activation) -> Kept {
    if let known = kept.last(where: { $0.isSame(as: x) }) { return known }
    let new = Kept(x)
    kept.append(new)
    return new
  }

  /// Copies what earlier steps keep of `x`, which is about to be overwritten.
  func willOverwrite(_ x: Activation, _ pass: ForwardPass) {
    kept.removeAll { known in
      guard known.overlaps(x) else { return false }
      known.move(pass)
      return true
    }
  }

  // MARK: - Segments

  /// Begins a block.
  func begin(_ pass: ForwardPass) {
    if isStemOpen {
      isStemOpen = false
      // The residual stream can come to carry a gradient in any block.
      shadow(stem, all: true, pass)
    }
    current = Segment(mark: pass.arena.mark)
    segments.append(current)
  }

  /// Ends a block: what it keeps of memory that outlives it moves into its own.
  func end(_ pass: ForwardPass) {
    for span in stem.spans where span.count > 0 {
      willOverwrite(
        Activation(base: span.start, branches: 1, rows: 1, width: span.count, stride: span.count),
        pass)
    }
  }

  /// The block just begun will be run again instead of being recorded now.
  func replayLater(_ replay: Replay) { current.replay = replay }

  // MARK: - Reading

  /// The gradient of `x`, in the layout of `x`.
  func gradient(of x: Activation) -> Activation {
    guard let place = place(of: x), let shadow = place.segment.spans[place.index].shadow else {
      preconditionFailure("a gradient that nothing tracks")
    }
    return Activation(
      base: shadow + (x.base - place.segment.spans[place.index].start), branches: x.branches,
      rows: x.rows, width: x.width, stride: x.stride)
  }

  /// Walks back through everything that was recorded, and forgets it.
  func walkBack(_ pass: ForwardPass, derivatives: [Double]) {
    self.derivatives = derivatives
    isRecording = false
    while let segment = segments.popLast() {
      current = segment
      kept = []
      if let replay = segment.replay { run(replay, pass) }
      shadow(segment, all: false, pass)
      walk(segment, pass)
      pass.arena.release(to: segment.mark)
    }
    current = stem
    pass.revisit(block: 0)
    walk(stem, pass)
  }

  private func run(_ replay: Replay, _ pass: ForwardPass) {
    pass.revisit(block: replay.block)
    pass.copy(replay.input, to: replay.hidden)
    pass.wanted = replay.wanted
    track(replay.hidden, replay.isInputTracked)
    isRecording = true
    let result = replay.body(replay.hidden, pass)
    isRecording = false
    precondition(result.base == replay.hidden.base, "a block that is run again works in place")
  }

  private func walk(_ segment: Segment, _ pass: ForwardPass) {
    for step in segment.steps.reversed() { step(pass) }
    segment.steps = []
  }

  /// Gives the spans of a segment that carry gradients their shadows, zero.
  private func shadow(_ segment: Segment, all: Bool, _ pass: ForwardPass) {
    for index in segment.spans.indices where all || segment.spans[index].isTracked {
      let count = segment.spans[index].count
      let shadow = pass.arena.allocate(Float.self, count: count)
      pass.clear(shadow, count: count)
      segment.spans[index].shadow = shadow
    }
  }
}

/// Values that a step will read: where they were, or a copy once that was overwritten.
final class Kept {
  private(set) var values: Activation

  fileprivate init(_ values: Activation) { self.values = values }

  fileprivate func isSame(as x: Activation) -> Bool {
    values.base == x.base && values.rows == x.rows && values.width == x.width
      && values.stride == x.stride
  }

  fileprivate func overlaps(_ x: Activation) -> Bool {
    values.base < x.end && x.base < values.end
  }

  fileprivate func move(_ pass: ForwardPass) { values = pass.copied(values) }
}

extension Activation {
  /// Behind the last element.
  fileprivate var end: UnsafeMutablePointer<Float> {
    flatRows == 0 ? base : base + (flatRows - 1) * stride + width
  }
}
