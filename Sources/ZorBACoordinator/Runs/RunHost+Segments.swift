import ZorBA
import ZorBADiagnostics
import ZorBAFederation
import ZorBAWire

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Figures by segment, of the sites that tell them.
extension RunHost {
  /// The rows below which a segment is not told; nil when the run tells of none.
  var leastSegment: Int? {
    let configuration = blueprint.configuration
    guard configuration.differentialPrivacy == nil, let fairness = configuration.fairness,
      fairness.segment != nil
    else { return nil }
    return fairness.minimumCount
  }

  /// What a site's evaluation is kept as: what the run does not ask for is not held in memory.
  func kept(_ evaluation: Zorba_V1_Evaluation) -> Zorba_V1_Evaluation {
    guard leastSegment == nil else { return evaluation }
    var evaluation = evaluation
    evaluation.segments = Data()
    return evaluation
  }

  /// The tables of sites as one; nil when none told any. A site whose table cannot be told from
  /// nonsense is left out and named; so are figures that the run's minimum hides, whatever the site let
  /// through.
  func pooledSegments(_ evaluations: [Int: Zorba_V1_Evaluation]) -> SegmentTable? {
    guard let leastSegment else { return nil }
    var tables: [SegmentTable] = []
    var names: Set<String> = []
    for (client, evaluation) in evaluations.sorted(by: { $0.key < $1.key })
    where !evaluation.segments.isEmpty {
      do {
        let table = try SegmentTable(parsing: Array(evaluation.segments))
        try table.requireWithin(Int(evaluation.examples))
        tables.append(table.suppressed(minimumCount: leastSegment))
        names.formUnion(table.rows.map(\.name))
      } catch {
        warn("\(sites[client].name): \(error)")
      }
    }
    guard names.count <= SegmentTable.limit else {
      warn(
        "the sites' rows have \(names.count) segments together, more than \(SegmentTable.limit): "
          + "none are told")
      return nil
    }
    return tables.isEmpty ? nil : SegmentTable(pooling: tables)
  }
}

extension SegmentTable {
  /// Refuses figures of more rows than there are.
  fileprivate func requireWithin(_ examples: Int) throws {
    let told = told.reduce(0) { $0 + $1.figures.examples }
    guard told > examples else { return }
    throw ZorBAError(
      .invalidData, "segments of \(told) rows in an evaluation of \(examples)",
      at: .init(field: "segments"))
  }
}
