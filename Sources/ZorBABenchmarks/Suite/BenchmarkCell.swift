package import ZorBAJSON

/// One comparison point of a suite: a task, a regime, a method, a skew and a seed.
package struct BenchmarkCell: Sendable, Equatable {
  /// Stable: the same cell of the same suite has it for ever, whatever else the suite lists.
  package var id: String
  package var task: String
  package var regime: Regime
  package var method: String
  /// The Dirichlet concentration; nil where the task's own partition holds, and for centralised
  /// cells, which have no partition.
  package var alpha: Double?
  package var seed: UInt64
  /// The runs that it takes: one a site where sites are isolated, else one.
  package var parts: [Part]

  /// One run of a cell.
  package struct Part: Sendable, Equatable {
    /// What its files are called.
    package var name: String
    /// The site that trains alone; nil for all.
    package var site: Int?
    /// The run, without `out`.
    package var run: RunFragment
  }

  /// What the cell runs, to be compared with what a finished one ran.
  package var configuration: JSONValue {
    RunFragment.object(parts.map { ($0.name, $0.run.value) })
  }
}
