import ZorBAData
import ZorBAOptimization

extension RunStream {
  /// The stream's generator at an index.
  func generator(runKey: RunKey, index: UInt64) -> RandomGenerator {
    RandomGenerator(seed: seed(runKey: runKey, index: index))
  }
}
