import ZorBAData
import ZorBADiagnostics
package import ZorBAJSON

/// How well a model does on the segments of its rows, as far as that may be told.
public struct SegmentTable: Sendable, Equatable {
  /// A segment.
  public struct Row: Sendable, Equatable {
    /// Its name in the data; empty for the rows that name none.
    public var name: String
    /// Its figures; nil where they are not told.
    public var figures: Evaluation.Figures?
  }

  /// The segments by name; none where there is none to tell.
  public var rows: [Row]

  /// The most segments that a table has.
  package static let limit = 256
  /// The most bytes that a table has as it is sent.
  package static let maximumBytes = 1 << 17

  package init(rows: [Row]) { self.rows = rows }

  /// What may be told of segments.
  ///
  /// - Parameter minimumCount: Rows below which a segment is not told.
  init(_ cells: [String: Metrics], minimumCount: Int) {
    let names = cells.keys.sorted()
    let told = CellSuppression.told(
      names.map { cells[$0]?.examples ?? 0 }, minimum: minimumCount)
    guard !told.isEmpty else {
      rows = []
      return
    }
    rows = names.enumerated().map { place, name in
      Row(
        name: name,
        figures: told.contains(place) ? cells[name].map { Evaluation.Figures($0) } : nil)
    }
  }

  /// The segments whose figures are told.
  package var told: [(name: String, figures: Evaluation.Figures)] {
    rows.compactMap { row in row.figures.map { (row.name, $0) } }
  }

  /// By name; null where figures are not told.
  package var json: JSONValue {
    Evaluation.object(
      rows.map { row in
        (row.name, row.figures.map { Evaluation.object(Evaluation.members(of: $0)) } ?? .null)
      })
  }

  /// Reads back what `json` wrote; nil when it is something else, or no site's honest figures.
  package init?(json: JSONValue) {
    guard let members = json.object?.members, members.count <= Self.limit else { return nil }
    rows = []
    for member in members {
      guard member.key.utf8.count <= 256 else { return nil }
      if case .null = member.value {
        rows.append(Row(name: member.key, figures: nil))
      } else if let figures = Evaluation.Figures(json: member.value), figures.isPlausible {
        rows.append(Row(name: member.key, figures: figures))
      } else {
        return nil
      }
    }
  }

  /// What a site sends: the segments that are told, and of the others not even the names, which are
  /// values of its rows. Nil where there is nothing to tell, or what could not be read back: figures of
  /// a model that diverged, or names too long.
  package var payload: [UInt8]? {
    let table = SegmentTable(rows: rows.filter { $0.figures != nil })
    let bytes = Array(table.json.serialized.utf8)
    guard !table.rows.isEmpty, (try? SegmentTable(parsing: bytes)) == table else { return nil }
    return bytes
  }

  /// Reads what a site sent.
  ///
  /// - Throws: `ZorBAError` with code `invalidData` when it is no table of segments.
  package init(parsing bytes: [UInt8]) throws {
    let fault = ZorBAError(
      .invalidData, "a site's figures by segment cannot be read",
      at: .init(field: "segments"))
    guard bytes.count <= Self.maximumBytes,
      let value = try? JSONParser.parse(bytes, file: "segments"),
      let table = SegmentTable(json: value)
    else { throw fault }
    self = table
  }

  /// The table without figures that `minimumCount` hides; those of a site that keeps to it stay.
  package func suppressed(minimumCount: Int) -> SegmentTable {
    let places = rows.indices.filter { rows[$0].figures != nil }
    let told = CellSuppression.told(
      places.map { rows[$0].figures?.examples ?? 0 }, minimum: minimumCount)
    guard !told.isEmpty else { return SegmentTable(rows: []) }
    let kept = Set(told.map { places[$0] })
    return SegmentTable(
      rows: rows.enumerated().map { place, row in
        kept.contains(place) ? row : Row(name: row.name, figures: nil)
      })
  }

  /// The tables of several sites as one, figures weighted by rows; macro-F1 is the mean of the sites'.
  /// A segment that some site tells counts with the rows of those that do.
  package init(pooling tables: [SegmentTable]) {
    let names = Set(tables.flatMap { $0.rows.map(\.name) }).sorted()
    rows = names.map { name in
      let parts = tables.flatMap(\.told).filter { $0.name == name }.map(\.figures)
      return Row(name: name, figures: Evaluation.Figures(pooling: parts))
    }
  }
}

extension Evaluation.Figures {
  /// Whether numbers that came from elsewhere can be what they are said to be.
  fileprivate var isPlausible: Bool {
    func isShare(_ value: Double?) -> Bool { value.map { (0...1).contains($0) } ?? true }
    return loss.isFinite && (1...(1 << 40)).contains(examples) && isShare(accuracy)
      && isShare(macroF1)
  }

  /// Figures of disjoint rows as those of all; nil without any.
  init?(pooling parts: [Evaluation.Figures]) {
    let rows = parts.reduce(0) { $0 + $1.examples }
    guard rows > 0 else { return nil }
    func mean(_ value: (Evaluation.Figures) -> Double?) -> Double? {
      var sum = 0.0
      for part in parts {
        guard let value = value(part) else { return nil }
        sum += value * Double(part.examples)
      }
      return sum / Double(rows)
    }
    guard let loss = mean(\.loss) else { return nil }
    self.init(
      accuracy: mean(\.accuracy), macroF1: mean(\.macroF1), loss: loss, examples: rows)
  }
}
