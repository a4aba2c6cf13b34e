package import ZorBATensor

extension Model {
  /// What training changes: every parameter.
  package var trainable: ParameterSet { parameters }
}
