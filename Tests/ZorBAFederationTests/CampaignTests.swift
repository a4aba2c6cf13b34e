import Testing
import ZorBAFederation

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A federation over a network that fails, simulated from seeds: `ZORBA_INTERLEAVINGS` says how many
/// runs, `ZORBA_FIRST_SEED` which come first.
@Suite struct CampaignTests {
  static func number(_ name: String) -> Int? {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
  }

  @Test func everyInterleavingComesToTheRightEnd() {
    let first = UInt64(Self.number("ZORBA_FIRST_SEED") ?? 1)
    let campaign = Self.number("ZORBA_INTERLEAVINGS")
    let count = UInt64(campaign ?? 3000)
    var total = Statistics()
    var faults: [Fault: Int] = [:]
    for seed in first..<(first + count) {
      let world = World(Setting(seed: seed))
      world.run()
      total.add(world.statistics)
      faults.merge(world.counts) { $0 + $1 }
      guard let violation = world.violation else { continue }
      Issue.record("\(Self.story(of: Setting(seed: seed), violation))")
      return
    }
    // A campaign that exercises nothing proves nothing.
    #expect(total.rounds > Int(count))
    #expect(count < 100 || total.denseRounds > Int(count) / 2)
    #expect(count < 100 || min(total.lostUploads, total.brokenFetches) > 0)
    for fault in Fault.allCases {
      #expect(count < 1000 || faults[fault, default: 0] > 0, "\(fault)")
    }
    if campaign != nil {
      print("\(count) interleavings: \(total)")
      for fault in Fault.allCases { print("  \(fault): \(faults[fault, default: 0])") }
      print("  all: \(faults.values.reduce(0, +))")
    }
  }

  /// The smallest setting of a seed that still fails, and how it fails.
  private static func story(of setting: Setting, _ violation: String) -> String {
    var smallest = setting
    func fails(_ setting: Setting) -> Bool {
      let world = World(setting)
      world.run()
      return world.violation != nil
    }
    for fault in Fault.allCases where smallest.faults.contains(fault) {
      var smaller = smallest
      smaller.faults.remove(fault)
      if fails(smaller) { smallest = smaller }
    }
    while smallest.faultSteps > 0 {
      var smaller = smallest
      smaller.faultSteps = smallest.faultSteps * 3 / 4
      guard fails(smaller) else { break }
      smallest = smaller
    }
    let world = World(smallest, isTraced: true)
    world.run()
    let tail = (world.trace ?? []).suffix(Self.number("ZORBA_TRACE") ?? 120).joined(separator: "\n")
    return
      "seed \(setting.seed): \(violation)\nshrunk to \(smallest): \(world.violation ?? "")\n\(tail)"
  }
}
