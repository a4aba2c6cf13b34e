import ZorBADiagnostics
package import ZorBAJSON

extension AdapterConfiguration {
  /// The section of the run file; what is left to defaults is left out.
  var json: JSONValue {
    var members: [(String, JSONValue)] = []
    if let kind { members.append(("kind", .string(kind.rawValue))) }
    if let rank { members.append(("rank", .integer(rank))) }
    if let alpha { members.append(("alpha", .number(alpha))) }
    if let dropout, dropout != 0 { members.append(("dropout", .number(dropout))) }
    if isRankStabilised == true { members.append(("rank_stabilised", true)) }
    if !targets.isEmpty {
      members.append(("targets", .array(targets.map { .string($0) })))
    }
    if !feedForward.isEmpty {
      members.append(("feed_forward", .array(feedForward.map { .string($0) })))
    }
    if let path { members.append(("path", .string(path))) }
    if base != .asStored { members.append(("base", .string(base.rawValue))) }
    if let baseDigest { members.append(("base_digest", .string(baseDigest))) }
    // A section that says nothing still says that there is an adapter.
    if members.isEmpty { members.append(("kind", .string(Kind.lora.rawValue))) }
    return RunConfiguration.object(members)
  }

  /// Reads the section of a configuration that a journal keeps; nil when it has none.
  ///
  /// - Throws: `ZorBAError` with code `invalidJournal` when it is none that this version writes.
  package init?(journaled configuration: JSONValue) throws {
    guard let section = configuration["adapter"], let members = section.object?.members else {
      return nil
    }
    self.init()
    for (key, value) in members.map({ ($0.key, $0.value) }) {
      let isRead: Bool
      switch key {
      case "kind":
        kind = value.string.flatMap(Kind.init(rawValue:))
        isRead = kind != nil
      case "rank":
        rank = value.integer
        isRead = rank != nil
      case "alpha":
        alpha = value.double
        isRead = alpha != nil
      case "dropout":
        dropout = value.double
        isRead = dropout != nil
      case "rank_stabilised":
        isRankStabilised = value.bool
        isRead = isRankStabilised != nil
      case "targets":
        targets = value.array?.compactMap(\.string) ?? []
        isRead = value.array?.count == targets.count
      case "feed_forward":
        feedForward = value.array?.compactMap(\.string) ?? []
        isRead = value.array?.count == feedForward.count
      case "path":
        path = value.string
        isRead = path != nil
      case "base":
        let known = value.string.flatMap(Base.init(rawValue:))
        base = known ?? .asStored
        isRead = known != nil
      case "base_digest":
        baseDigest = value.string
        isRead = baseDigest != nil
      default: isRead = false
      }
      guard isRead else {
        throw ZorBAError(
          .invalidJournal,
          "the journal's adapter has \(key.excerpt()) = "
            + value.serialized.excerpt(), at: .init(field: "adapter.\(key.excerpt())"),
          advice: "Use the version of this program that wrote the journal.")
      }
    }
  }
}
