import ZorBAData

extension TaskConfiguration {
  /// The column of a row that holds what the model is asked for.
  var predictedColumn: String {
    let columns = TaskDefinition.Columns()
    return switch kind {
    case .classification: columns.label
    case .multipleChoice: columns.answer
    case .languageModeling: columns.text
    case .completion: completionColumn
    }
  }
}
