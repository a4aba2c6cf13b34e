import ZorBACheckpoint
import ZorBADiagnostics
import ZorBAJSON
import ZorBAJournal
import ZorBAModels
import ZorBAOptimization
import ZorBATensor

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What a file or folder of ours, or a checkpoint, holds.
public struct Inspection: Sendable {
  /// Names and values, in reading order.
  public let facts: [(name: String, value: String)]
  private let object: JSONValue

  /// The same as one JSON object.
  public var jsonText: String { object.serialized }

  /// Looks at a journal, a run's folder, a checkpoint folder or a safetensors file.
  ///
  /// - Throws: `ZorBAError` when there is nothing there, or nothing that is known.
  public init(path: String) throws {
    var isFolder = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw ZorBAError(
        .invalidData, "there is no such file or folder", at: .init(file: path),
        advice: "Give a run.zorba, a run's folder, a checkpoint folder or a .safetensors file.")
    }
    if isFolder {
      let journal = RunFolder(path: path).journal
      self =
        try FileManager.default.fileExists(atPath: journal)
        ? Self(journal: journal) : Self(checkpoint: path)
    } else if path.hasSuffix(".safetensors") {
      self = try Self(safetensors: path)
    } else {
      self = try Self(journal: path)
    }
  }

  private init(_ members: [(String, JSONValue)]) {
    var object = JSONObject()
    for (key, value) in members { _ = object.append(.init(key: key, value: value)) }
    self.object = .object(object)
    facts = members.map { ($0.0, $0.1.string ?? $0.1.serialized) }
  }

  private init(journal path: String) throws {
    let summary = try JournalSummary(path: path)
    let header = summary.header
    let perRound =
      summary.roundCount == 0 ? 0 : Double(summary.roundByteCount) / Double(summary.roundCount)
    let ended: JSONValue = summary.end.map { .string($0.reason) } ?? .null
    let members: [(String, JSONValue)] = [
      ("kind", "journal"), ("path", .string(path)), ("family", .string(header.model.family)),
      ("base_digest", .string("\(header.base.state)")),
      ("blocks", .integer(header.model.blocks.count - 1)),
      ("seeding", .string(header.schedule.seeding.rawValue)),
      ("perturbation", .string(header.schedule.distribution.rawValue)),
      ("numerics_version", .integer(JournalHeader.numericsVersion)),
      ("rounds", .integer(Int(clamping: summary.lastRound))),
      ("bytes", .integer(summary.byteCount)),
      ("bytes_per_round", .number(perRound)),
      ("coefficients", .integer(summary.coefficientCount)),
      ("dense_rounds", .integer(summary.denseRoundCount)),
      ("dense_encoding", summary.denseEncoding.map { .string($0.rawValue) } ?? .null),
      ("records", .integer(summary.recordCount)),
      ("unfinished_bytes", .integer(summary.tornByteCount)),
      ("ended", ended), ("chain", .string("\(summary.chain)")),
      ("configuration", header.configuration),
    ]
    self.init(members)
  }

  private init(checkpoint path: String) throws {
    let checkpoint = try Checkpoint.open(directory: path)
    let configuration = try ModelConfiguration(
      huggingFace: checkpoint.configuration, file: checkpoint.configurationPath)
    let model = try Model(
      configuration: configuration, source: checkpoint, compute: ComputeContext(threads: 1))
    let parameters = model.parameters
    var types: [String: Int] = [:]
    for parameter in parameters.all {
      types[parameter.tensor.dtype.rawValue, default: 0] += parameter.tensor.byteCount
    }
    let parameterCount = parameters.all.reduce(0) { $0 + $1.tensor.elementCount }
    let perBlock = parameters.blocks.count > 1 ? parameters.elementCount(block: 1) : 0
    let listedTypes = types.keys.sorted().map { "\($0) \(types[$0] ?? 0) bytes" }
    let members: [(String, JSONValue)] = [
      ("kind", "checkpoint"), ("path", .string(path)),
      ("family", .string(configuration.family.rawValue)),
      ("parameters", .integer(parameterCount)),
      ("blocks", .integer(parameters.transformerBlockCount)),
      ("parameters_per_block", .integer(perBlock)),
      ("hidden_size", .integer(configuration.hiddenSize)),
      ("heads", .integer(configuration.headCount)),
      ("key_value_heads", .integer(configuration.keyValueHeadCount)),
      ("vocabulary", .integer(configuration.vocabularySize)),
      ("maximum_positions", .integer(configuration.maximumPositions)),
      ("tied_head", .bool(configuration.tiedHead)),
      ("bytes", .integer(types.values.reduce(0, +))),
      ("types", .string(listedTypes.joined(separator: ", "))),
      ("files", .integer(checkpoint.shards.count)),
    ]
    self.init(members)
  }

  private init(safetensors path: String) throws {
    let file = try SafetensorsFile(path: path)
    let contents = file.entries.map { entry -> JSONValue in
      [
        "name": .string(entry.name), "type": .string(entry.element.rawValue),
        "shape": .array(entry.shape.map { .integer($0) }),
      ]
    }
    self.init([
      ("kind", "safetensors"), ("path", .string(path)),
      ("tensors", .integer(file.tensorNames.count)), ("contents", .array(contents)),
    ])
  }
}
