/// Floats in the activation arena: one matrix per branch, branch after branch.
///
/// Row `r` of branch `b` starts at `base + (b * rows + r) * stride`, so all branches together are
/// one matrix of `branches * rows` rows: an unperturbed layer treats them as one batch.
struct Activation {
  let base: UnsafeMutablePointer<Float>  // [branches, rows, width], row stride `stride`
  let branches: Int
  let rows: Int
  let width: Int
  let stride: Int

  /// Rows of all branches.
  var flatRows: Int { branches * rows }

  func row(_ row: Int, branch: Int = 0) -> UnsafeMutablePointer<Float> {
    base + (branch * rows + row) * stride
  }

  /// The same rows, columns `start ..< start + width`.
  func columns(_ start: Int, width: Int) -> Activation {
    precondition(start >= 0 && start + width <= self.width)
    return Activation(
      base: base + start, branches: branches, rows: rows, width: width, stride: stride)
  }

  /// The same memory seen as `branches` branches; memory for them must have been reserved.
  func spanning(branches: Int) -> Activation {
    Activation(base: base, branches: branches, rows: rows, width: width, stride: stride)
  }

  /// Some of the branches.
  func branches(_ range: Range<Int>) -> Activation {
    Activation(
      base: row(0, branch: range.lowerBound), branches: range.count, rows: rows, width: width,
      stride: stride)
  }

  /// Every row cut into rows of `width` elements; the rows must be contiguous.
  func split(width part: Int) -> Activation {
    precondition(stride == width && width % part == 0)
    return Activation(
      base: base, branches: branches, rows: rows * (width / part), width: part, stride: part)
  }
}
