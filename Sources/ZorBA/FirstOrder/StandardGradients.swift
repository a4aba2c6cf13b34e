import ZorBADiagnostics
import ZorBAModels

/// The gradients that runs use unless they are given others.
enum StandardGradients {
  static func source(
    _ model: Model, _ configuration: RunConfiguration
  ) throws -> any GradientSource {
    throw ZorBAError(
      .unsupportedModel, "this version has no backward pass for \(model.configuration.family)",
      at: .init(field: "method.name"), advice: "Use the method zorba or fedkseed.")
  }
}
