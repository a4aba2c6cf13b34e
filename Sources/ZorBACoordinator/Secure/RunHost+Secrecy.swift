import Logging
import SwiftProtobuf
import ZorBA
import ZorBADiagnostics
import ZorBAFederation
import ZorBAWire

/// What a run says of its secure aggregation, and the end of one that begins anew without.
extension RunHost {
  /// For operators: `on`, `off`, or `off` with the reason where nobody asked for that.
  nonisolated var secrecy: String {
    isSecure ? "on" : blueprint.clearBecause.map { "off: \($0)" } ?? "off"
  }

  /// Says aloud that a run goes in the clear although its file leaves that to the coordinator.
  func tellSecrecy() {
    guard let because = blueprint.clearBecause else { return }
    note("secure_aggregation", site: nil, ["mode": "off", "reason": "\(because)"])
    observer(.clear(run: name, because: because))
  }

  /// Why a run that was masked on condition goes in the clear.
  static func becauseOfGroups(_ error: any Error) -> String {
    "no plan within the sites' budgets has groups with the same blocks: "
      + ((error as? ZorBAError)?.message ?? "\(error)")
  }

  /// Lets go of the run: sites come again, to whoever has taken it over.
  func retire() {
    isRetired = true
    planning += 1
    closings += 1
    for key in Array(timers.keys) { stopTimer(key) }
    endStreams(.again, "the run begins anew, in the clear")
    sessions = [:]
  }

  /// Stands still after all: the run could not begin anew.
  func reinstate(_ error: any Error) {
    isRetired = false
    warn("the run cannot begin anew in the clear: \(error)")
    handle(.pause(reason: "no plan can be made, and the run cannot begin anew: \(error)"))
  }
}
