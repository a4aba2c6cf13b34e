import ZorBAJSON

extension ConfigurationNode {
  /// The value that YAML of the same text would give, without a parser in between: JSON escapes some
  /// characters in ways that YAML does not know.
  init(_ value: JSONValue) {
    let content: Content =
      switch value {
      case .null: .scalar("null", quoted: false)
      case .bool(let flag): .scalar(flag ? "true" : "false", quoted: false)
      case .integer, .number: .scalar(value.serialized, quoted: false)
      case .string(let text): .scalar(text, quoted: true)
      case .array(let items): .sequence(items.map { ConfigurationNode($0) })
      case .object(let object):
        .mapping(object.members.map { ($0.key, ConfigurationNode($0.value)) })
      }
    self.init(content: content, line: nil)
  }
}
