/// Many branches, a few at a time.
extension ForwardPass {
  /// Rows of all branches together that are computed at once: their activations should stay in the
  /// last-level cache, which costs a tenth of the time when they do not.
  private static let rowsPerGroup = 2048

  /// Applies a block to the branches of `hidden`, one direction or a few at a time.
  ///
  /// The branches of one direction stay together, so that their weights come from one reading and
  /// one generation of z. What a block needs beside `hidden` is needed for one group only.
  func inGroups(_ hidden: Activation, _ block: (Activation) -> Activation) -> Activation {
    let size = max(2, Self.rowsPerGroup / max(hidden.rows, 1) / 2 * 2)
    guard hidden.branches > size else { return block(hidden) }
    let isNarrowed = wanted.rows != nil
    let result =
      isNarrowed
      ? activation(
        rows: wanted.positions.count, width: hidden.width, branches: hidden.branches) : hidden
    for first in stride(from: 0, to: hidden.branches, by: size) {
      let group = first..<min(first + size, hidden.branches)
      scope {
        let part = withBranches(group) { block(hidden.branches(group)) }
        let place = result.row(0, branch: first)
        if !isMeasuring, part.base != place {
          place.update(from: part.base, count: part.flatRows * part.stride)
        }
      }
    }
    return result
  }
}
