import ZorBADiagnostics
package import ZorBAFederation
import ZorBAOptimization

extension RoundEngine {
  /// The line that a committed round leaves in `metrics.jsonl`; nil when nothing was committed.
  ///
  /// Bytes are those of payloads alone; whoever counts what a transport really moves puts that in
  /// their place.
  ///
  /// - Parameters:
  ///   - halves: What the halves of minibatches showed, by client. No commit depends on it.
  ///   - seconds: What the round took.
  ///   - peakMemoryBytes: The most that any process of the run had resident, as far as it is known.
  package func metrics(
    of closing: Closing, plan: ActivationPlan, halves: [Int: [RoundMetrics.HalfScalars]] = [:],
    seconds: Double, peakMemoryBytes: Int
  ) -> RoundMetrics? {
    guard let committed = closing.committed else { return nil }
    let reports = closing.accepted
    let weights = reports.map { members[$0.client].weight ?? 0 }
    let loss =
      zip(reports, weights).reduce(0) { $0 + $1.0.loss * $1.1 } / weights.reduce(0, +)
    let matrix = plan.matrix(round: Int(clamping: committed.number))
    return RoundMetrics(
      round: Int(clamping: committed.number), seconds: seconds, loss: loss,
      clients: reports.map { report in
        RoundMetrics.Client(
          name: members[report.client].name, loss: report.loss,
          scalars: Array(report.scalars.joined()), halfScalars: halves[report.client],
          examples: report.examples,
          activeBlocks: matrix.activeBlocks(of: report.client).count)
      },
      leftOut: closing.leftOut, coveredBlocks: committed.coveredBlocks.count,
      bytesUp: reports.reduce(0) { $0 + WirePayload.bytes(of: $1) },
      bytesDown: members.count * WirePayload.bytes(of: committed),
      peakMemoryBytes: peakMemoryBytes)
  }

  static func refusal(
    _ round: Int, _ report: RoundCoordinator.Report, _ fault: String
  ) -> ZorBAError {
    ZorBAError(
      .invalidData,
      "round \(round): the answer of client \(report.client + 1) cannot be used: \(fault)")
  }
}
