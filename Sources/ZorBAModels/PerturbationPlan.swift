package import ZorBATensor

/// Which blocks are moved, along which directions, and how far.
///
/// Evaluating under a plan of P directions gives 2P branches: branch `2p` uses the weights
/// `w + scale · z_p` and branch `2p + 1` uses `w − scale · z_p`, in active blocks only. The stored
/// weights are never touched: perturbed values exist tile by tile inside the kernels.
package struct PerturbationPlan: Sendable {
  /// The directions; each contributes two branches.
  package var directions: [Direction]
  /// The perturbation scale mu.
  package var scale: Float
  /// Blocks to perturb: 0 is what lies outside the transformer blocks, `i + 1` is block `i`.
  package var active: Set<Int>

  package init(directions: [Direction], scale: Float, active: Set<Int>) {
    self.directions = directions
    self.scale = scale
    self.active = active
  }

  package var branchCount: Int { 2 * directions.count }

  /// The direction's index and the signed scale of one branch.
  package func side(ofBranch branch: Int) -> (direction: Int, scale: Float) {
    (branch / 2, branch % 2 == 0 ? scale : -scale)
  }
}
