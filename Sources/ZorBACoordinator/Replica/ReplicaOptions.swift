/// How a coordinator keeps a replica of a run's model.
package struct ReplicaOptions: Sendable {
  /// Rounds between snapshots; 0 makes none.
  package var snapshotEvery: Int
  /// Threads for its arithmetic; nil uses every processor.
  package var threads: Int?

  package init(snapshotEvery: Int = 0, threads: Int? = nil) {
    self.snapshotEvery = snapshotEvery
    self.threads = threads
  }
}
