import CZorBAKernels
import ZorBATensor

/// One block-synchronous evaluation of all branches: the operations that decoders are written in.
///
/// Until the first active block all branches are equal and one is computed. There it is copied, and
/// from then on an active block's weights are read once and perturbed for every branch, while an
/// inactive block takes all branches as one larger batch.
///
/// A measuring pass runs the same code without computing, to find how much memory it takes.
final class ForwardPass {
  let model: ModelConfiguration
  let parameters: BoundParameters
  let compute: ComputeContext
  let kernels: zk_kernels
  let batch: PackedBatch
  let plan: PerturbationPlan?
  let arena: ActivationArena
  let cache: KeyValueCache?
  /// Cosines and sines, [positions, headSize]; empty without rotary positions.
  let rotaryTable: [Float]

  /// Branches computed at this point: 1, or the plan's after its first active block.
  private(set) var branches = 1
  /// The plan's number of the first of them: not 0 while a group of branches is computed.
  private(set) var firstBranch = 0
  /// True when the current block's trainable weights differ between branches.
  private(set) var isPerturbed = false
  /// The block the pass is in; nil before the first and after the last.
  private(set) var block: Int?
  /// The rows that later operations need; all until `narrow`.
  var wanted: WantedRows
  /// What is written down for the way back; nil when no gradient is wanted.
  let tape: Tape?

  init(
    model: ModelConfiguration, parameters: BoundParameters, compute: ComputeContext,
    batch: PackedBatch, plan: PerturbationPlan?, arena: ActivationArena, cache: KeyValueCache?,
    rotaryTable: [Float], recording: Recording? = nil
  ) {
    self.model = model
    self.parameters = parameters
    self.compute = compute
    self.kernels = compute.kernels
    self.batch = batch
    self.plan = plan
    self.arena = arena
    self.cache = cache
    self.rotaryTable = rotaryTable
    self.wanted = WantedRows(all: batch)
    self.tape = recording.map { Tape($0) }
    self.residency = arena.isMeasuring ? nil : parameters.set.residency
  }

  var isMeasuring: Bool { arena.isMeasuring }

  /// What keeps the weights within a budget; nil without one, and while measuring.
  let residency: WeightResidency?

  /// Branches at the end of the pass: the plan's if any block is active.
  var finalBranches: Int {
    guard let plan, !plan.active.isEmpty else { return 1 }
    return plan.branchCount
  }

  // MARK: - Blocks

  /// Moves on to `block`; at the first active one, `hidden` is copied to all branches.
  func enter(block: Int, hidden: Activation) -> Activation {
    residency?.move(from: self.block, to: block)
    self.block = block
    isPerturbed = (plan?.active.contains(block) ?? false) && parameters.movesBlock(block)
    guard isPerturbed, branches == 1, finalBranches > 1 else {
      return hidden.spanning(branches: branches)
    }
    branches = finalBranches
    let all = hidden.spanning(branches: branches)
    let count = hidden.rows * hidden.stride
    if !isMeasuring {
      for branch in 1..<branches { all.row(0, branch: branch).update(from: all.base, count: count) }
    }
    return all
  }

  /// Comes back to a block on the way back: to its weights.
  func revisit(block: Int) {
    residency?.move(from: self.block, to: block)
    self.block = block
  }

  /// Runs `body` with some of the branches as if they were all there are.
  func withBranches<Result>(_ group: Range<Int>, _ body: () -> Result) -> Result {
    let all = branches
    (firstBranch, branches) = (group.lowerBound, group.count)
    defer { (firstBranch, branches) = (0, all) }
    return body()
  }

  /// Ends the pass: nothing reads weights any more.
  func leave() {
    residency?.move(from: block, to: nil)
    block = nil
  }

  /// Declares that from the coming block on only `rows` (ascending, distinct) are of use.
  ///
  /// The block still sees the keys and values of all rows; its queries, and all that follows, are
  /// computed for these rows alone.
  func narrow(to rows: [Int]) {
    if rows.count < batch.rows { wanted = WantedRows(rows, of: batch) }
  }

  /// The wanted rows of `x`: a copy, or `x` itself when all are wanted.
  func wanted(_ x: Activation) -> Activation {
    wanted.rows.map { gather(x, rows: $0) } ?? x
  }

  // MARK: - Memory

  /// Takes back what `body` allocated, unless the way back will need it.
  ///
  /// For activations between operations; what an operation needs by itself is `workspace`.
  func scope<Result>(_ body: () -> Result) -> Result {
    recorder == nil ? arena.scope(body) : body()
  }

  /// Takes back what `body` allocated, always; operations inside it leave no record.
  func workspace<Result>(_ body: () -> Result) -> Result {
    guard let tape else { return arena.scope(body) }
    return tape.pausing { arena.scope(body) }
  }

  /// An uninitialised activation, for the current branches unless told otherwise.
  func activation(rows: Int, width: Int, branches: Int? = nil) -> Activation {
    let branches = branches ?? self.branches
    let count = branches * rows * width
    let base = arena.allocate(Float.self, count: count)
    recorder?.register(base, count: count)
    return Activation(
      base: base, branches: branches, rows: rows, width: width, stride: width)
  }

  /// An uninitialised activation of the shape of `x`.
  func activation(like x: Activation) -> Activation {
    activation(rows: x.rows, width: x.width, branches: x.branches)
  }

  // MARK: - Threads

  /// Calls `body(index, worker)` on the team; not at all while measuring.
  ///
  /// - Parameter work: Multiplications in all; waking threads is not worth it for a few.
  func parallel(_ count: Int, work: Int, _ body: (_ index: Int, _ worker: Int) -> Void) {
    if isMeasuring { return }
    if count > 1, work > Self.workPerWake { return compute.team.forEach(count, body) }
    for index in 0..<count { body(index, 0) }
  }

  /// A few microseconds of arithmetic, the cost of waking a thread.
  private static let workPerWake = 1 << 15

  /// Calls `body(branch, rows)` on pieces of `x` that together are every row once.
  ///
  /// Pieces never straddle branches and are large enough to be worth a hand-over.
  func parallelRows(
    of x: Activation, _ body: (_ branch: Int, _ rows: Range<Int>) -> Void
  ) {
    let piece = Self.rowsPerPiece(width: x.width)
    let pieces = (x.rows + piece - 1) / piece
    parallel(pieces * x.branches, work: .max) { index, _ in
      let start = index % pieces * piece
      body(index / pieces, start..<min(start + piece, x.rows))
    }
  }

  /// Rows that one hand-over covers.
  static func rowsPerPiece(width: Int) -> Int { max(1, floatsPerPiece / max(width, 1)) }

  /// Work that is small against the cost of waking a thread is not split further.
  private static let floatsPerPiece = 8192

  /// One block of scratch per worker.
  struct WorkerScratch {
    let base: UnsafeMutableRawPointer
    let stride: Int

    subscript(worker: Int) -> UnsafeMutableRawPointer { base + worker * stride }
  }

  /// `byteCount` bytes for each worker, 64-byte aligned.
  func workerScratch(byteCount: Int) -> WorkerScratch {
    let stride = (byteCount + 127) / 128 * 128
    return WorkerScratch(
      base: arena.allocate(byteCount: stride * compute.team.threadCount), stride: stride)
  }

  // MARK: - Small parameters

  /// A vector parameter as every branch sees it.
  struct BranchVectors {
    let base: UnsafeMutablePointer<Float>  // [branches, width] or, when equal for all, [1, width]
    let stride: Int

    subscript(branch: Int) -> UnsafeMutablePointer<Float> { base + branch * stride }
  }

  /// Expands a vector parameter into scratch, perturbed per branch in an active block.
  func vectors(_ handle: ParameterHandle) -> BranchVectors {
    let parameter = parameters[handle]
    let width = parameter.tensor.elementCount
    let isPerturbed = isPerturbed(handle)
    let copies = isPerturbed ? branches : 1
    let base = arena.allocate(Float.self, count: copies * width)
    let result = BranchVectors(base: base, stride: copies == 1 ? 0 : width)
    if isMeasuring { return result }
    let dtype = parameter.tensor.dtype.kernelCode
    guard isPerturbed, let plan else {
      kernels.expand(parameter.tensor.bytes, dtype, width, base)
      return result
    }
    for branch in 0..<branches {
      let side = plan.side(ofBranch: firstBranch + branch)
      var direction = plan.directions[side.direction].restricted(to: parameter.id)
      kernels.perturbed(
        parameter.tensor.bytes, dtype, &direction, 0, 0, width, side.scale, result[branch])
    }
    return result
  }

  /// A vector of one repeated value, for norms without parameters.
  func constants(_ value: Float, width: Int) -> BranchVectors {
    let base = arena.allocate(Float.self, count: width)
    if !isMeasuring { base.update(repeating: value, count: width) }
    return BranchVectors(base: base, stride: 0)
  }
}
