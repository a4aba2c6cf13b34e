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
  /// True when the current block's weights differ between branches.
  private(set) var isPerturbed = false
  /// Rows per branch: tokens, or queried rows at the head.
  var rows: Int

  init(
    model: ModelConfiguration, parameters: BoundParameters, compute: ComputeContext,
    batch: PackedBatch, plan: PerturbationPlan?, arena: ActivationArena, cache: KeyValueCache?,
    rotaryTable: [Float]
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
    self.rows = batch.rows
  }

  var isMeasuring: Bool { arena.isMeasuring }

  /// Branches at the end of the pass: the plan's if any block is active.
  var finalBranches: Int {
    guard let plan, !plan.active.isEmpty else { return 1 }
    return plan.branchCount
  }

  // MARK: - Blocks

  /// Moves on to `block`; at the first active one, `hidden` is copied to all branches.
  func enter(block: Int, hidden: Activation) -> Activation {
    isPerturbed = plan?.active.contains(block) ?? false
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

  // MARK: - Memory

  func scope<Result>(_ body: () -> Result) -> Result { arena.scope(body) }

  /// An uninitialised activation for the current branches and rows.
  func activation(width: Int) -> Activation { activation(width: width, branches: branches) }

  func activation(width: Int, branches: Int) -> Activation {
    let count = branches * rows * width
    return Activation(
      base: arena.allocate(Float.self, count: count), branches: branches, rows: rows,
      width: width, stride: width)
  }

  // MARK: - Threads

  /// Calls `body(index, worker)` on the team; not at all while measuring.
  func parallel(_ count: Int, _ body: (_ index: Int, _ worker: Int) -> Void) {
    if isMeasuring || count == 0 { return }
    if count == 1 { return body(0, 0) }
    compute.team.forEach(count, body)
  }

  /// Calls `body(branch, rows)` on pieces of `x` that together are every row once.
  ///
  /// Pieces never straddle branches and are large enough to be worth a hand-over.
  func parallelRows(
    of x: Activation, _ body: (_ branch: Int, _ rows: Range<Int>) -> Void
  ) {
    let piece = max(1, Self.floatsPerPiece / max(x.width, 1))
    let pieces = (x.rows + piece - 1) / piece
    parallel(pieces * x.branches) { index, _ in
      let start = index % pieces * piece
      body(index / pieces, start..<min(start + piece, x.rows))
    }
  }

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
      let side = plan.side(ofBranch: branch)
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
