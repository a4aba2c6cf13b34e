extension RunConfiguration {
  /// Why `secure_aggregation: auto` comes to off whatever the plan is; nil where a plan decides.
  ///
  /// Beside what masks do not go with at all: a run that may begin with fewer sites than a group has
  /// would have to wait for more, and of a group of which only some are drawn too few are left to hide
  /// each other. `on` accepts both.
  package var automaticSecrecyObstacle: String? {
    if let (key, value, rule) = secureAggregationObstacle {
      // Rules end in how to insist on the other choice, which nobody made here.
      return key == "secure_aggregation"
        ? "it cannot be \(value)" : "\(key) is \(value), not \(rule)"
    }
    let least = secureAggregation.groupToAsk
    let sites = federation.sites.count
    if blocks.plan == .full {
      let drawn = Int((federation.participation * Double(sites)).rounded())
      if drawn < least {
        return "\(drawn) sites are drawn for a round, fewer than the \(least) of a group"
      }
    } else if federation.participation < 1 {
      return "only a share of \(federation.participation) of the sites is drawn for a round, which "
        + "leaves too few of groups with the same blocks"
    }
    if federation.startWith > 0, federation.startWith < least {
      return "the run may begin with \(federation.startWith) sites, fewer than the \(least) of a "
        + "group"
    }
    return nil
  }
}
