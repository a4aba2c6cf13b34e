import ZorBAFederation
import ZorBAJSON
import ZorBAOptimization
import ZorBASecureAggregation
import ZorBASitePolicy
import ZorBAWire

/// What a message that leaves the site says, field by field, for the site's owner.
struct MessageFields {
  let kind: MessageKind
  /// Nil for messages that belong to no round.
  let round: Int?
  private(set) var object = JSONObject()

  /// Nil for a message without content.
  init?(_ message: Zorba_V1_SiteMessage) {
    switch message.kind {
    case .hello(let hello):
      (kind, round) = (.hello, nil)
      add("run", .string(hello.run))
      add("protocol", .string("\(hello.protocolMinimum)-\(hello.protocolMaximum)"))
      add("software", .string(hello.software))
      add("journal_bytes", .integer(Int(clamping: hello.journalBytes)))
      add("journal_chain", .string(Hexadecimal.text(of: hello.journalChain)))
    case .ready(let ready):
      (kind, round) = (.ready, Int(clamping: ready.lastRound))
      add("last_round", .integer(Int(clamping: ready.lastRound)))
      add("journal_chain", .string(Hexadecimal.text(of: ready.journalChain)))
      if ready.examples > 0 { add("examples", .integer(Int(ready.examples))) }
      if ready.hasCosts {
        add("budget_bytes", .integer(Int(clamping: ready.costs.budgetBytes)))
        add("costs", .string(String(decoding: ready.costs.costs, as: UTF8.self)))
      }
    case .result(let result):
      (kind, round) = (.result, Int(clamping: result.round))
      add("round", .integer(Int(clamping: result.round)))
      add("attempt", .integer(Int(max(1, result.attempt))))
      if result.masked {
        add("masked", .bool(true))
      } else if result.updateDigest.isEmpty {
        add("scalars", Self.numbers(PackedFloats.unpack(result.scalars) ?? []))
      } else {
        add("update_digest", .string(Hexadecimal.text(of: result.updateDigest)))
      }
      if !result.masked { add("examples", .integer(Int(result.examples))) }
      if result.loss != 0 { add("loss", .number(Double(result.loss))) }
      if result.seconds != 0 { add("seconds", .number(Double(result.seconds))) }
      if result.peakMemoryMib != 0 {
        add("peak_memory_mib", .integer(Int(result.peakMemoryMib)))
      }
      if !result.blockDigest.isEmpty {
        add("block_digest", .string(Hexadecimal.text(of: result.blockDigest)))
      }
      if !result.halfScalars.isEmpty {
        add("half_scalars", Self.numbers(PackedFloats.unpack(result.halfScalars) ?? []))
      }
    case .evaluation(let evaluation):
      // That there are no metrics is no metric.
      (kind, round) = (
        evaluation.absent ? .declined : .evaluation, Int(clamping: evaluation.round)
      )
      add("round", .integer(Int(clamping: evaluation.round)))
      if evaluation.absent {
        add("absent", .bool(true))
      } else {
        add("examples", .integer(Int(evaluation.examples)))
        add("loss", Self.number(evaluation.loss))
        add("accuracy", Self.number(evaluation.accuracy))
        add("macro_f1", Self.number(evaluation.macroF1))
        if !evaluation.segments.isEmpty {
          let segments = Array(evaluation.segments)
          add(
            "segments",
            (try? JSONParser.parse(segments, file: "segments"))
              ?? .string(Hexadecimal.text(of: segments)))
        }
      }
    case .declined(let declined):
      (kind, round) = (.declined, Int(clamping: declined.round))
      add("round", .integer(Int(clamping: declined.round)))
      add("attempt", .integer(Int(max(1, declined.attempt))))
      add(
        "cause",
        .string("\(DeclineCause(rawValue: declined.cause.rawValue) ?? .unspecified)"))
      add("refused", .bool(declined.refused))
    case .stateDigest(let digest):
      (kind, round) = (.stateDigest, Int(clamping: digest.round))
      add("round", .integer(Int(clamping: digest.round)))
      add("digests", .string(Hexadecimal.text(of: digest.digests)))
    case .heartbeat: (kind, round) = (.heartbeat, nil)
    case .leaving(let leaving):
      (kind, round) = (.leaving, nil)
      add("reason", .string(leaving.reason))
    case .secureAggregation(let message):
      (kind, round) = (.secureAggregation, Int(clamping: message.round))
      add("round", .integer(Int(clamping: message.round)))
      add("attempt", .integer(Int(max(1, message.attempt))))
      if let told = SecureAggregationSite.describe(Array(message.payload)) {
        add("step", .string(told.step))
        add("session", .string(Hexadecimal.text(of: told.session)))
      }
      add("payload_bytes", .integer(message.payload.count))
    case nil: return nil
    }
  }

  /// What declares an update says; the update itself is known by its digest.
  init(_ declaration: Zorba_V1_UpdateDeclaration) {
    (kind, round) = (.update, Int(clamping: declaration.round))
    add("round", .integer(Int(clamping: declaration.round)))
    add("attempt", .integer(Int(max(1, declaration.attempt))))
    add("update_bytes", .integer(Int(clamping: declaration.bytes)))
    add("update_digest", .string(Hexadecimal.text(of: declaration.digest)))
  }

  private mutating func add(_ key: String, _ value: JSONValue) {
    _ = object.append(.init(key: key, value: value))
  }

  private static func numbers(_ values: [Float]) -> JSONValue {
    .array(values.map { number(Double($0)) })
  }

  /// JSON has no numbers that are not finite.
  private static func number(_ value: Double) -> JSONValue {
    value.isFinite ? .number(value) : .string("\(value)")
  }
}
