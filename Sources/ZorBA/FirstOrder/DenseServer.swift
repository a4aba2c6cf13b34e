import Synchronization
import ZorBADiagnostics
import ZorBAFederation
package import ZorBAJournal
package import ZorBAOptimization
import ZorBATensor

/// The coordinator's arithmetic of a first-order round: updates that lie in files become one change.
///
/// It holds neither weights nor a model, and commits the bits that a `FirstOrderSession` does. Memory
/// is that of one tensor's sum and of the change, and of the rule's moments where it has any.
package final class DenseServer: Sendable {
  /// An answer whose update has come in whole.
  package struct Answer: Sendable {
    /// From 0.
    package var client: Int
    /// p_k up to a common factor.
    package var weight: Double
    /// The blocks that the client trained, ascending.
    package var blocks: [Int]
    /// Where the update lies: what `DenseDelta.body` is.
    package var file: String

    package init(client: Int, weight: Double, blocks: [Int], file: String) {
      self.client = client
      self.weight = weight
      self.blocks = blocks
      self.file = file
    }
  }

  /// What answers came to.
  package struct Closing: Sendable {
    package var round: DenseRound
    package var changes: DenseDelta
  }

  /// How updates are written, both ways.
  package let encoding: DenseEncoding
  private let model: ModelFingerprint
  private let stateFile: ServerStateFile?
  private let rule: ServerRule
  private let state: Mutex<ServerState?>
  private let elementCounts: [[Int]]

  /// - Parameters:
  ///   - model: The trainable tensors.
  ///   - folder: Where the moments of a rule that has any are kept, beside the journal.
  package init(
    configuration: RunConfiguration, model: ModelFingerprint, runKey: RunKey, folder: String
  ) {
    self.model = model
    encoding = configuration.method.firstOrder.upload
    rule = configuration.method.serverRule
    stateFile = rule.start == nil ? nil : ServerStateFile(folder: folder, runKey: runKey)
    let outer = configuration.blocks.outer
    elementCounts = model.blocks.indices.map { block in
      guard outer || block > 0 else { return model.blocks[block].map { _ in 0 } }
      return model.denseLayout(of: [block])?.entries.map(\.elementCount) ?? []
    }
    state = Mutex(nil)
  }

  /// The tensors that an update of some blocks holds.
  ///
  /// - Throws: `ZorBAError` with code `invalidData` when the model has no such block.
  package func layout(of blocks: [Int]) throws -> DenseLayout {
    guard let layout = model.denseLayout(of: blocks) else {
      throw ZorBAError(
        .invalidData, "\("\(blocks)".excerpt()) are no blocks of this model",
        at: .init(field: "blocks"))
    }
    return layout
  }

  /// Bytes of an update of some blocks.
  package func byteCount(of blocks: [Int]) throws -> Int {
    try layout(of: blocks).byteCount(encoding)
  }

  /// Makes the rule's moments those after a round.
  ///
  /// - Throws: `ZorBAError` with code `invalidData` when they are not there.
  package func stand(at round: Int) throws {
    guard let stateFile else { return }
    try state.withLock { state in
      let fresh = try ServerState(rule: rule, elementCounts: Array(elementCounts.joined()))
      if round > 0 { try stateFile.load(fresh.current, round: round) }
      state = fresh
    }
  }

  /// What keeps an update from being used, as a clause; nil when nothing does. Reads all of it.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`.
  package func fault(of answer: Answer) throws -> String? {
    var decoder = DenseDecoder(layout: try layout(of: answer.blocks), encoding: encoding)
    let file = try UpdateFile(path: answer.file)
    do {
      try file.read(from: 0, byteCount: try byteCount(of: answer.blocks)) {
        try decoder.feed($0) { _, _, _ in }
      }
      return decoder.isFinished ? nil : "it ends before its last element"
    } catch let error as ZorBAError where error.code == .invalidData {
      return error.message
    }
  }

  /// Averages updates and applies the rule. The moments of the round are on the disk on return; they
  /// count once `adopt` was called.
  ///
  /// - Parameter answers: Ascending by client, each without a fault; at least one.
  /// - Throws: `ZorBAError` with code `diverged` when the change is not finite, `inputOutput` when files
  ///   cannot be read or written.
  package func close(
    _ answers: [Answer], round: Int, learningRate: Double
  ) throws -> Closing {
    let blocks = Set(answers.flatMap(\.blocks)).sorted()
    let layout = try layout(of: blocks)
    let sources = try answers.map {
      try UpdateTensors($0, layout: self.layout(of: $0.blocks), encoding: encoding)
    }
    return try state.withLock { state in
      state?.begin()
      var current: (entry: Int, mean: DenseMean)?
      let changes = try DenseDelta(layout: layout, encoding: encoding) { entry, row, values in
        if current?.entry != entry {
          current = (entry, try Self.mean(of: layout.entries[entry], sources))
        }
        let first = row * values.count
        current?.mean.mean(tensor: 0, first: first, into: values)
        if let state {
          state.apply(values, tensor: place(of: layout.entries[entry]), first: first)
        } else {
          let none = UnsafeMutableBufferPointer<Float>(start: nil, count: 0)
          rule.apply(values, first: none, second: none)
        }
      }
      if let state { try stateFile?.save(state.pending, round: round) }
      return Closing(
        round: DenseRound(
          number: UInt64(round), learningRate: learningRate, encoding: encoding,
          participants: answers.map { UInt32($0.client + 1) }, blocks: blocks,
          digest: changes.digest), changes: changes)
    }
  }

  /// The round that was closed last is committed: its moments are what the next one begins with.
  package func adopt() { state.withLock { $0?.adopt() } }

  /// The place of a tensor among all.
  private func place(of entry: DenseLayout.Entry) -> Int {
    elementCounts.prefix(entry.id.block).reduce(0) { $0 + $1.count } + entry.id.role
  }

  private static func mean(
    of entry: DenseLayout.Entry, _ sources: [UpdateTensors]
  ) throws -> DenseMean {
    let mean = DenseMean(elementCounts: [entry.elementCount])
    for source in sources {
      guard source.places[entry.id] != nil else { continue }
      mean.count(tensor: 0, weight: source.weight)
      try source.read(entry) { first, values in
        mean.add(values, tensor: 0, first: first, weight: source.weight)
      }
    }
    return mean
  }
}

/// One client's update, read tensor by tensor.
private struct UpdateTensors {
  let weight: Double
  /// Where each tensor's bytes begin.
  private(set) var places: [TensorID: Int] = [:]
  private let path: String
  private let encoding: DenseEncoding

  init(_ answer: DenseServer.Answer, layout: DenseLayout, encoding: DenseEncoding) throws {
    weight = answer.weight
    path = answer.file
    self.encoding = encoding
    var offset = 0
    for entry in layout.entries {
      places[entry.id] = offset
      offset += DenseLayout(entry).byteCount(encoding)
    }
  }

  /// Hands on a tensor's values in their order.
  func read(
    _ entry: DenseLayout.Entry,
    _ emit: (_ first: Int, _ values: UnsafeBufferPointer<Float>) throws -> Void
  ) throws {
    guard let place = places[entry.id] else { return }
    let layout = DenseLayout(entry)
    var decoder = DenseDecoder(layout: layout, encoding: encoding)
    // A thousand sites are more files than a process may hold open.
    try UpdateFile(path: path).read(from: place, byteCount: layout.byteCount(encoding)) {
      try decoder.feed($0) { _, first, values in try emit(first, values) }
    }
  }
}
