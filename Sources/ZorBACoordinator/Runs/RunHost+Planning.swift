import Logging
import SwiftProtobuf
import ZorBA
import ZorBAAudit
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJournal
import ZorBAOptimization
import ZorBAPlanning
import ZorBAWire

/// Who trains which blocks: plans for the members that are there.
extension RunHost {
  /// Makes a plan beside everything else, then adopts it.
  func replan(_ decision: Replanning.Decision) {
    let draft = PlanDraft(
      blueprint: blueprint, runKey: journal.header.schedule.runKey, sites: sites,
      members: decision.members, history: knowledge(for: decision))
    note("planning", site: nil, ["members": "\(decision.members.count)"])
    planning += 1
    let number = planning
    let mayGoClear =
      options.goesClear != nil && timeline == nil && decision.members.count == sites.count
    Task.detached { [weak self] in
      let plan = Result { try draft.plan() }
      var isPossibleInTheClear = false
      if mayGoClear, case .failure = plan {
        // Where there is no plan at all, masks are not what stands against one.
        isPossibleInTheClear = (try? draft.plan(inGroups: false)) != nil
      }
      await self?.adopt(plan, decision, number, isPossibleInTheClear: isPossibleInTheClear)
    }
  }

  /// What the run's rounds showed, where that is what the plan is made anew for.
  private func knowledge(
    for decision: Replanning.Decision
  ) -> (metrics: [RoundMetrics], timeline: ActivationTimeline)? {
    guard decision.reasons.contains(.estimates), let timeline, let history = try? store.history()
    else { return nil }
    return (history, timeline)
  }

  private func adopt(
    _ result: Result<PlanDraft.Made, any Error>, _ decision: Replanning.Decision, _ number: Int,
    isPossibleInTheClear: Bool
  ) {
    guard number == planning, !isRetired else { return }
    let plan: ActivationPlan
    var detail: Logger.Metadata = ["first_round": "\(decision.firstRound)"]
    do {
      let made = try result.get()
      plan = made.plan.starting(at: decision.firstRound)
      if let groups = made.groups { detail["groups"] = "\(groups)" }
    } catch {
      if isPossibleInTheClear, let goesClear = options.goesClear {
        return goesClear(Self.becauseOfGroups(error))
      }
      warn("no plan from round \(decision.firstRound) on: \(error)")
      handle(.planRefused)
      // With everybody there it will not get better; otherwise the next site that comes is tried.
      if timeline == nil, decision.members.count == sites.count {
        let advice =
          blueprint.isProvisional
          ? " The run was approved with masks; to go in the clear ask for it anew with "
            + "secure_aggregation: off." : ""
        handle(.pause(reason: "no plan can be made: \(error)" + advice))
      }
      return
    }
    do {
      if let current = timeline?.plan(round: decision.firstRound), current.cycle == plan.cycle,
        current.window == plan.window
      {
        handle(.planned(firstRound: decision.firstRound))
        return
      }
      let record = PlanRecord(plan, outer: blueprint.configuration.blocks.outer)
      try auditPlan(record, firstRound: decision.firstRound, members: decision.members.count)
      try appendAndTell(.plan(record))
      if timeline == nil { timeline = ActivationTimeline(plan) } else { timeline?.adopt(plan) }
      // What the engine knows does not depend on the plan; only the first one needs it made.
      if let engine, let timeline {
        selection.follow(engine, timeline)
      } else {
        rebuildEngine()
      }
      note("planned", site: nil, detail)
      handle(.planned(firstRound: decision.firstRound))
    } catch {
      recoverLater(from: error)
      handle(.unable(reason: "\(error)"))
    }
  }

  /// Tells the engine what a site weighs, before anything of the site's counts.
  func weigh(_ client: Int) {
    guard var engine, let timeline, let examples = sites[client].examples else { return }
    engine.weigh(client, blueprint.configuration.federation.weights.weight(examples: examples))
    self.engine = engine
    contributions = nil
    selection.follow(engine, timeline)
  }

  /// Makes the engine anew, with everything it saw before.
  func rebuildEngine() {
    guard let timeline else { return }
    contributions = nil
    do {
      var made = try RunOpening.engine(
        blueprint, timeline: timeline, runKey: journal.header.schedule.runKey, sites: sites)
      try store.forEachRound { made?.recall([$0]) }
      guard let fresh = made else { return }
      engine = fresh
      selection.follow(fresh, timeline)
    } catch {
      warn("the run's rounds cannot be read back: \(error)")
    }
  }
}
