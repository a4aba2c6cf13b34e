import ZorBADiagnostics

/// Which blocks of a model a measurement perturbs and updates.
package enum BlockSelection: Sendable, Hashable {
  /// Every transformer block.
  case all
  /// The last quarter of the transformer blocks, at least one.
  case topQuarter
  /// Blocks by number: 0 lies outside the transformer blocks, `i + 1` is transformer block `i`.
  case listed(Set<Int>)

  /// Reads `all`, `top-quarter` or block numbers separated by commas.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` for anything else.
  package init(parsing text: String) throws {
    switch text {
    case "all": self = .all
    case "top-quarter": self = .topQuarter
    default:
      let words = text.split(separator: ",", omittingEmptySubsequences: false)
      let numbers = try words.map { word in
        guard let number = Int(word), number >= 0 else {
          throw ZorBAError(
            .invalidConfiguration, "'\(word.prefix(40))' is not a block",
            at: .init(field: "--blocks"),
            advice: "Use all, top-quarter or block numbers such as 10,11,12.")
        }
        return number
      }
      self = .listed(Set(numbers))
    }
  }

  /// The numbers of the blocks, ascending.
  ///
  /// - Parameters:
  ///   - transformerBlocks: How many the model has.
  ///   - outer: Whether block 0 takes part too: the embeddings, the final norm and the head. nil:
  ///     with `all` and where it is listed.
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when a block does not exist, when none
  ///   is left, or when block 0 is both listed and ruled out.
  package func blocks(transformerBlocks: Int, outer: Bool? = nil) throws -> [Int] {
    var blocks: Set<Int>
    switch self {
    case .all:
      blocks = Set(0...transformerBlocks)
    case .topQuarter:
      let count = (transformerBlocks + 3) / 4
      blocks = Set(transformerBlocks - count + 1..<transformerBlocks + 1)
    case .listed(let numbers):
      if let unknown = numbers.sorted().last, unknown > transformerBlocks {
        throw ZorBAError(
          .invalidConfiguration, "block \(unknown) does not exist", at: .init(field: "--blocks"),
          advice: "The model has the transformer blocks 1 to \(transformerBlocks); 0 is the "
            + "embeddings, the final norm and the head.")
      }
      if outer == false, numbers.contains(0) {
        throw ZorBAError(
          .invalidConfiguration, "block 0 is listed and ruled out by --no-outer",
          at: .init(field: "--blocks"), advice: "Leave out one of the two.")
      }
      blocks = numbers
    }
    if let outer {
      if outer { blocks.insert(0) } else { blocks.remove(0) }
    }
    guard !blocks.isEmpty else {
      throw ZorBAError(
        .invalidConfiguration, "no block is left to perturb", at: .init(field: "--blocks"),
        advice: "Use all, top-quarter or block numbers such as 10,11,12.")
    }
    return blocks.sorted()
  }
}
