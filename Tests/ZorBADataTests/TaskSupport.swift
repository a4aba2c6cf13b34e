import Testing

@testable import ZorBAData

let testLabels: [TaskDefinition.LabelWord] = [
  .init(value: "positive", word: "great"), .init(value: "negative", word: "bad"),
]

/// Loads rows from a file that exists for the call only.
func loadRows(
  _ task: TaskDefinition, _ text: String, name: String = "rows.jsonl",
  encoder: any TextEncoder = ByteEncoder(), labelsOf reference: Dataset? = nil
) throws -> Dataset {
  let folder = try TemporaryDirectory()
  let path = try folder.write(text, to: name)
  return try DatasetLoader(task, encoder: encoder).load(path, labelsOf: reference)
}

/// The text that the model is to produce, and what it reads before, of each candidate.
func texts(_ example: EncodedExample) -> (String, [String]) {
  (ByteEncoder.text(example.context), example.continuations.map(ByteEncoder.text))
}
