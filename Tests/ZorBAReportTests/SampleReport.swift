import ZorBATestSupport

@testable import ZorBAReport

extension RunReport {
  /// A report with every part filled in, as a demonstration run leaves it.
  static let sample: RunReport = {
    let names = ["bank", "clinic", "shop", "energy"]
    var generator = SeededGenerator(seed: 11)
    let loss = (1...200).map { round in
      RoundValue(
        round: round,
        value: 1.1 + 0.9 / (1 + Double(round) / 40)
          + Double.random(in: -0.12...0.12, using: &generator))
    }
    let evaluation = stride(from: 0, through: 200, by: 25).map { round in
      RoundValue(round: round, value: 1.05 + 0.95 / (1 + Double(round) / 40))
    }
    let before = [0.52, 0.61, 0.44, 0.48]
    let alone = [0.66, 0.70, 0.63, 0.58]
    let federated = [0.78, 0.81, 0.76, 0.74]
    return RunReport(
      title: "Four sites, forward passes only",
      summary: "Four sites with skewed private messages fine-tuned one small model together. "
        + "Each sent a few scalars a round; no message and no weight left a site.",
      facts: [
        Fact("model", "bundled demonstration model (Llama, 8 blocks, 0.57 M parameters)"),
        Fact("method", "zorba, gaussian, seeds per client"), Fact("directions", "4"),
        Fact("\u{3BC}", "1e-3"), Fact("learning rate", "1e-3, linear to 0"), Fact("batch", "16"),
        Fact("rounds", "200"), Fact("seed", "1"),
      ],
      trainingLoss: loss, evaluationLoss: evaluation,
      sites: names.indices.map { k in
        Site(
          name: names[k],
          before: Metrics(accuracy: before[k], macroF1: 0.41, loss: 1.93, examples: 100),
          alone: Metrics(accuracy: alone[k], macroF1: 0.55, loss: 1.31, examples: 100),
          federated: Metrics(accuracy: federated[k], macroF1: 0.73, loss: 1.04, examples: 100))
      },
      blocks: BlockActivation(
        participants: names,
        share: names.indices.map { k in (0..<8).map { b in Double((b + 2 * k) % 8) / 7 } },
        activeByRound: (1...200).map { RoundValue(round: $0, value: 0.5 + 0.125 * Double($0 % 3)) }),
      traffic: Traffic(
        upPerClientRound: 96, downPerClientRound: 412, upTotal: 76_800, downTotal: 329_600,
        weightsOnce: 1_145_000),
      memory: Memory(peak: 9_400_000, predicted: 9_050_000, weights: 2_290_000),
      seconds: Seconds(forward: 48.2, update: 6.1, other: 3.4),
      participants: names.map {
        Participant(name: $0, examples: 320, rounds: 200, detail: "2 cores")
      },
      state: State(
        digest: "5f1b3a0c9d7e4482a1c0ffee12345678", journalPath: "runs/demo/run.zorba",
        journalBytes: 41_344),
      notes: [
        Note(.remark, "The messages are synthetic; the fine-tuning is real."),
        Note(.warning, "Stochastic rounding dominates the update of blocks 0 and 1."),
      ])
  }()
}
