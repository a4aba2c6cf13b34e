import ZorBADiagnostics
import ZorBAJSON
import ZorBAJournal
import ZorBAModels
import ZorBATensor

extension ModelCard {
  /// The model that the card is of, under the head that a task puts on it.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the card does not say, or is of the
  ///   model under another head.
  func shape(for task: TaskConfiguration) throws -> ModelConfiguration {
    guard let description else {
      throw ZorBAError(
        .invalidConfiguration,
        "the model card is of an earlier version and does not say what layers the model has",
        at: .init(field: "adapter"),
        advice: "Make the card anew with 'zorba card', or name the checkpoint's folder as model.")
    }
    let stored = try ModelConfiguration(huggingFace: description)
    let shape = try stored.with(head: task.outputHead(of: stored))
    guard try isOf(shape) else {
      throw ZorBAError(
        .invalidConfiguration, "the model card is not of the model under this task's head",
        at: .init(field: "task.head"),
        advice: "Name the checkpoint's folder as model in place of the card.")
    }
    return shape
  }

  /// Whether a model's tensors are those of the card.
  private func isOf(_ shape: ModelConfiguration) throws -> Bool {
    // Of whatever depth a damaged card speaks, no more is built than it lists tensors of.
    guard shape.blockCount == model.blocks.count, shape.family.rawValue == model.family else {
      return false
    }
    return zip(shape.parameterShapes, model.blocks).allSatisfy { expected, listed in
      expected.count == listed.count
        && zip(expected, listed).allSatisfy { $0.name == $1.name && $0.shape == $1.shape }
    }
  }
}
