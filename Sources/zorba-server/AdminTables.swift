import ZorBAConsole
import ZorBAJSON
import ZorBAReport
import ZorBAWire

/// Runs as operators see them.
enum RunTable {
  static func text(_ runs: [Zorba_V1_RunStatus]) -> String {
    guard !runs.isEmpty else { return "No runs.\n" }
    var table = TextTable(header: ["run", "state", "round", "sites", "loss", "s/round", "bytes"])
    for run in runs {
      table.rows.append([
        run.name, run.state, "\(run.lastRound)/\(run.rounds)",
        "\(run.sitesPresent)/\(run.sites)", number(run.loss, 4), number(run.secondsPerRound, 2),
        "\(NumberFormat.bytes(Int(clamping: run.bytesReceived))) in, "
          + "\(NumberFormat.bytes(Int(clamping: run.bytesSent))) out",
      ])
    }
    let reasons = runs.filter { !$0.reason.isEmpty }.map { "\($0.name): \($0.reason)\n" }
    let approvals = runs.filter { $0.approvalsRequired > 0 }.map { run in
      "\(run.name): asked for by \(run.requestedBy), approved by "
        + (run.approvals.isEmpty
          ? "nobody" : run.approvals.map(\.approver).joined(separator: ", ")) + "\n"
    }
    let clear = runs.filter { $0.secureAggregation.hasPrefix("off: ") }.map {
      "\($0.name): secure aggregation is \($0.secureAggregation)\n"
    }
    return table.rendered() + reasons.joined() + approvals.joined() + clear.joined()
  }

  static func json(_ run: Zorba_V1_RunStatus) -> JSONValue {
    [
      "name": .string(run.name), "state": .string(run.state), "reason": .string(run.reason),
      "last_round": .integer(Int(clamping: run.lastRound)),
      "rounds": .integer(Int(clamping: run.rounds)), "sites": .integer(Int(run.sites)),
      "sites_present": .integer(Int(run.sitesPresent)),
      "loss": run.loss.isFinite ? .number(run.loss) : .null,
      "seconds_per_round": .number(run.secondsPerRound),
      "bytes": [
        "received": .integer(Int(clamping: run.bytesReceived)),
        "sent": .integer(Int(clamping: run.bytesSent)),
      ],
      "payload_bytes": [
        "received": .integer(Int(clamping: run.payloadBytesReceived)),
        "sent": .integer(Int(clamping: run.payloadBytesSent)),
      ],
      "folder": .string(run.folder), "digest": .string(run.digest),
      "requested_by": .string(run.requestedBy),
      "approvals_required": .integer(Int(run.approvalsRequired)),
      "approvals": .array(
        run.approvals.map { ["approver": .string($0.approver), "time": .number($0.time)] }),
      "secure_aggregation": .string(run.secureAggregation),
    ]
  }

  private static func number(_ value: Double, _ decimals: Int) -> String {
    value.isFinite ? NumberFormat.fixed(value, decimals) : "–"
  }
}

/// Sites as operators see them.
enum SiteTable {
  static func text(_ sites: [Zorba_V1_SiteStatus]) -> String {
    guard !sites.isEmpty else { return "No sites.\n" }
    var table = TextTable(
      header: ["run", "site", "state", "round", "rows", "s/round", "answers", "missed", "bytes"])
    for site in sites {
      table.rows.append([
        site.run, site.name, site.state, "\(site.lastRound)", "\(site.examples)",
        NumberFormat.fixed(site.secondsPerRound, 2), "\(site.answers)", "\(site.misses)",
        "\(NumberFormat.bytes(Int(clamping: site.bytesReceived))) in, "
          + "\(NumberFormat.bytes(Int(clamping: site.bytesSent))) out",
      ])
    }
    let reasons = sites.filter { !$0.reason.isEmpty }.map { "\($0.name): \($0.reason)\n" }
    return table.rendered() + reasons.joined()
  }

  static func json(_ site: Zorba_V1_SiteStatus) -> JSONValue {
    [
      "run": .string(site.run), "name": .string(site.name), "number": .integer(Int(site.number)),
      "state": .string(site.state), "reason": .string(site.reason),
      "last_round": .integer(Int(clamping: site.lastRound)),
      "examples": .integer(Int(site.examples)),
      "seconds_per_round": .number(site.secondsPerRound),
      "bytes": [
        "received": .integer(Int(clamping: site.bytesReceived)),
        "sent": .integer(Int(clamping: site.bytesSent)),
      ],
      "update_bytes": .integer(Int(clamping: site.updateBytes)),
      "certificate_expires": .integer(Int(clamping: site.certificateExpires)),
      "answers": .integer(Int(clamping: site.answers)),
      "misses": .integer(Int(clamping: site.misses)),
    ]
  }
}
