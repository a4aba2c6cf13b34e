import Testing
import ZorBACheckpoint
import ZorBATensor

@testable import ZorBA

/// Whole first-order runs of an encoder, under every head, its own weights trained or an adapter.
@Suite struct EncoderRunTests {
  enum Trained: CaseIterable, Sendable {
    case all, lora, ia3, qlora
  }

  /// A reference encoder with a vocabulary of letters.
  private func checkpoint(_ name: String, in folder: TemporaryFolder) throws -> String {
    let golden = AdapterGolden.tests + "/ZorBAModelsTests/Goldens/encoders/" + name
    for file in ["config.json", "model.safetensors"] {
      try folder.write(contents(of: golden + "/" + file), to: "encoder/" + file)
    }
    let letters = (UInt8(ascii: "a")...UInt8(ascii: "z")).map { String(UnicodeScalar($0)) }
    let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    let words = special + letters + letters.map { "##" + $0 }
    try folder.write(words.joined(separator: "\n") + "\n", to: "encoder/vocab.txt")
    try folder.write(
      """
      {"tokenizer_class": "BertTokenizer", "do_lower_case": true, "cls_token": "[CLS]",
       "sep_token": "[SEP]", "pad_token": "[PAD]", "unk_token": "[UNK]", "mask_token": "[MASK]"}
      """, to: "encoder/tokenizer_config.json")
    return folder.path("encoder")
  }

  @Test(
    arguments: [
      ("bert", TaskConfiguration.Head.prototypes), ("bert", .classifier),
      ("bert-masked", .maskedLM),
    ], Trained.allCases)
  func anEncoderLearnsAndResumes(
    _ kind: (name: String, head: TaskConfiguration.Head), _ trained: Trained
  ) throws {
    var run = try TinyRun {
      $0.task.head = kind.head
      $0.task.template = kind.head == .maskedLM ? "{text} {label}" : "{text}"
      $0.method.name = .fedavg
      $0.method.learningRate = trained == .all ? 0.003 : trained == .ia3 ? 0.02 : 0.006
      $0.method.localSteps = 4
      $0.method.firstOrder.accumulation = 2
      $0.method.firstOrder.checkpointing = trained == .lora
      $0.blocks.outer = trained == .all
      $0.rounds = 16
      $0.evaluate.every = 0
      guard trained != .all else { return }
      $0.adapter = AdapterConfiguration()
      $0.adapter?.kind = trained == .ia3 ? .ia3 : .lora
      $0.adapter?.base = trained == .qlora ? .nf4 : .asStored
      if trained == .ia3 { return }
      $0.adapter?.targets = ["all-linear"]
      $0.adapter?.dropout = 0.1
    }
    run.configuration.model = try checkpoint(kind.name, in: run.folder)
    let result = try run.run()
    let losses = result.history.map(\.loss)
    let least = try #require(losses.suffix(6).min())
    #expect(least < 0.8 * losses[0], "\(losses)")
    #expect(result.forwardPasses == 16 * 3 * 4 * 2)
    let out = run.folder.path("again")
    _ = try run.run(stop: 5, out: out)
    let resumed = try run.run(resume: true, out: out, threads: 2)
    #expect(resumed.stateDigest == result.stateDigest)
    let model = try FineTunedModel(
      path: run.configuration.model, journal: result.journalPath, threads: 1)
    #expect(model.stateDigest() == result.stateDigest)
  }
}
