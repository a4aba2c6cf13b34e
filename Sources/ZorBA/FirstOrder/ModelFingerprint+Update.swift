package import ZorBAJournal
import ZorBAOptimization

extension ModelFingerprint {
  /// Bytes of the largest update that a round of a first-order run can ask for; nil when the model is
  /// none that there can be.
  package func updateBytes(of run: RunConfiguration) -> Int? {
    denseLayout(of: Array((run.blocks.outer ? 0 : 1)..<max(1, blocks.count)))?
      .byteCount(run.method.firstOrder.upload)
  }
}
