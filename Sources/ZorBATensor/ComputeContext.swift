package import CZorBAKernels

/// Where arithmetic runs: one kernel table and one thread team.
package struct ComputeContext: Sendable {
  package let instructionSet: InstructionSet
  package let team: ThreadTeam
  /// Whether what one example yields has the same bits whatever is evaluated beside it.
  ///
  /// Products of a few rows, as of one short text alone, then take longer.
  package var isBatchInvariant = false
  private let table: KernelTable

  /// The kernels, by function pointer.
  package var kernels: zk_kernels { table.pointer.pointee }

  /// - Parameters:
  ///   - instructionSet: nil takes what `InstructionSet.selected(for:)` says.
  /// - Throws: `ZorBAError` when the instruction set is missing or the threads cannot be started.
  package init(
    instructionSet: InstructionSet? = nil, precision: ComputePrecision = .auto,
    threads: Int? = nil
  ) throws {
    let chosen = try instructionSet ?? InstructionSet.selected(for: precision)
    self.instructionSet = chosen
    self.team = try ThreadTeam(threads: threads)
    self.table = KernelTable(pointer: chosen.kernels ?? zk_kernels_best())
  }
}

/// `@unchecked Sendable`: the tables are constants with static lifetime.
private struct KernelTable: @unchecked Sendable {
  let pointer: UnsafePointer<zk_kernels>
}
