/// What the system counted of a process that has ended.
package struct ProcessUsage: Sendable, Equatable {
  /// Seconds from its start to its end.
  package var wallSeconds: Double
  /// Seconds of processors, its own and the system's for it.
  package var cpuSeconds: Double
  /// The most it ever had resident.
  package var peakBytes: Int
  /// Energy that the processor counted meanwhile; nil where that cannot be read, or where it cannot
  /// be told whose it was.
  package var joules: Double?

  package init(wallSeconds: Double, cpuSeconds: Double, peakBytes: Int, joules: Double? = nil) {
    self.wallSeconds = wallSeconds
    self.cpuSeconds = cpuSeconds
    self.peakBytes = peakBytes
    self.joules = joules
  }
}
