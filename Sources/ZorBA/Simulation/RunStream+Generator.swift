import ZorBAData
import ZorBAOptimization

extension RunStream {
  /// The stream's generator at an index.
  func generator(runKey: RunKey, index: UInt64) -> SplitMix64 {
    SplitMix64(seed: seed(runKey: runKey, index: index))
  }
}
