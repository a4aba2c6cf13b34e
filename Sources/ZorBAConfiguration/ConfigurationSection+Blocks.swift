import ZorBADiagnostics

/// Lists of transformer blocks, numbered from 1.
extension ConfigurationSection {
  /// Blocks by client: a section `client: [blocks]`, or a list of `client:block`.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming key and line.
  func blocksByClient(_ name: String) throws -> [String: [Int]] {
    guard let node = node(name) else { return [:] }
    var blocks: [String: [Int]] = [:]
    switch node.content {
    case .mapping(let members):
      for (client, value) in members {
        guard blocks.updateValue(try self.blocks(value, name), forKey: client) == nil else {
          throw failure(name, "'\(client)' stands twice")
        }
      }
    case .sequence(let items):
      for item in items {
        guard case .scalar(let text, _) = item.content, let colon = text.lastIndex(of: ":"),
          let block = Int(text[text.index(after: colon)...])
        else {
          throw failure(
            name, "expected client:block, found \(item.kind)",
            advice: "For example: [client-1:3, client-2:1]")
        }
        blocks[String(text[..<colon]), default: []].append(block)
      }
    case .scalar(let text, let quoted):
      guard !quoted, ["", "null", "~"].contains(text) else {
        throw failure(name, "expected blocks by client, found \(node.kind)")
      }
    }
    return blocks
  }

  /// Lists of blocks: `[[1, 2], [5, 6]]`.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming key and line.
  func blockLists(_ name: String) throws -> [[Int]] {
    guard let node = node(name) else { return [] }
    guard case .sequence(let items) = node.content else {
      guard try text(name) == nil else {
        throw failure(name, "expected lists of blocks, found \(node.kind)")
      }
      return []
    }
    return try items.map { try blocks($0, name) }
  }

  /// One block or a list of them.
  private func blocks(_ node: ConfigurationNode, _ name: String) throws -> [Int] {
    let items: [ConfigurationNode] =
      if case .sequence(let items) = node.content { items } else { [node] }
    return try items.map { item in
      guard case .scalar(let text, _) = item.content, let block = Int(text) else {
        throw failure(name, "expected a number of a block, found \(item.kind)")
      }
      return block
    }
  }
}
