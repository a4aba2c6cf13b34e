package import ZorBAFederation
package import ZorBAJournal
package import ZorBAOptimization
import ZorBATensor

extension RoundEngine {
  /// The line that a committed dense round leaves in `metrics.jsonl`.
  ///
  /// - Parameters:
  ///   - reports: The answers in it, ascending by client.
  ///   - leftOut: Clients whose updates could not be used.
  package func metrics(
    of round: DenseRound, changes: DenseDelta, plan: ActivationPlan,
    reports: [RoundCoordinator.Report], leftOut: [Int], seconds: Double, peakMemoryBytes: Int
  ) -> RoundMetrics {
    let number = Int(clamping: round.number)
    let weights = reports.map { members[$0.client].weight ?? 0 }
    let loss =
      zip(reports, weights).reduce(0) { $0 + $1.0.loss * $1.1 } / weights.reduce(0, +)
    let layouts = reports.map { blocks(of: $0.client, round: number, plan: plan) }
    let sizes = Dictionary(
      grouping: changes.layout.entries, by: \.id.block
    ).mapValues { entries in
      entries.reduce(0) { $0 + DenseLayout($1).byteCount(changes.encoding) }
    }
    return RoundMetrics(
      round: number, seconds: seconds, loss: loss,
      clients: zip(reports, layouts).map { report, blocks in
        RoundMetrics.Client(
          name: members[report.client].name, loss: report.loss, scalars: [],
          examples: report.examples, activeBlocks: blocks.filter { $0 > 0 }.count)
      },
      leftOut: leftOut.map { .init(name: members[$0].name, scalars: []) },
      coveredBlocks: round.blocks.count,
      bytesUp: layouts.reduce(0) { sum, blocks in
        sum + blocks.reduce(4 + 4) { $0 + (sizes[$1] ?? 0) }
      },
      bytesDown: members.count * WirePayload.bytes(down: changes),
      peakMemoryBytes: peakMemoryBytes)
  }
}
