import ZorBA
import ZorBABench
import ZorBAModels
import ZorBAOptimization
import ZorBATensor

/// Tiny checkpoints without a tokenizer, those that the models' tests compare with transformers.
enum GoldenModel {
  static func path(_ name: String) -> String {
    #filePath.split(separator: "/").dropLast(2).reduce("") { $0 + "/" + $1 }
      + "/ZorBAModelsTests/Goldens/" + name
  }

  static func open(
    _ name: String = "opt", precision: WeightPrecision = .asCheckpoint, threads: Int = 2
  ) throws -> BenchModel {
    try BenchModel(
      path: path(name), precision: precision, context: ComputeContext(threads: threads))
  }
}

extension BenchModel {
  /// The digests of all blocks.
  var digests: [Digest128] { StateDigest(of: model.parameters, context: context).blocks }
}
