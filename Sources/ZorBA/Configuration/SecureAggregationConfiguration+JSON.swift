import ZorBAJSON

extension SecureAggregationConfiguration {
  /// The key in a run file; nil where it has its default, so that files stay as they ever were.
  var json: JSONValue? {
    var members = details
    guard !members.isEmpty else { return mode == .auto ? nil : .string(mode.rawValue) }
    members.insert(("mode", .string(mode.rawValue)), at: 0)
    return RunConfiguration.object(members)
  }

  /// What a journal keeps: nothing of a run without, so that its bits stay as they ever were.
  var journaled: SecureAggregationConfiguration {
    isOn ? self : SecureAggregationConfiguration()
  }

  private var details: [(String, JSONValue)] {
    let standard = SecureAggregationConfiguration()
    var members: [(String, JSONValue)] = []
    if minimumGroup != standard.minimumGroup {
      members.append(("minimum_group", .integer(minimumGroup)))
    }
    if clip != standard.clip { members.append(("clip", .number(clip))) }
    if adversaryShare != standard.adversaryShare {
      members.append(("adversary_share", .number(adversaryShare)))
    }
    if dropoutShare != standard.dropoutShare {
      members.append(("dropout_share", .number(dropoutShare)))
    }
    return members
  }
}
