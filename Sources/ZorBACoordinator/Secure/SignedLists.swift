package import ZorBA
import ZorBADiagnostics
package import ZorBAFederation
import ZorBAJSON

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The lists of survivors that sites were asked to sign in a round, one a group.
///
/// A site that signed one helps to no other sum of the round, so an attempt at it again, by this process
/// or a later one, must ask exactly these. Kept before the lists go out; without the file such a round
/// would be asked of others, and refused.
package struct SignedLists: Sendable, Equatable {
  package var round: Int
  /// Clients, from 0, each list ascending.
  package var groups: [[Int]]

  package init(round: Int, groups: [[Int]]) {
    self.round = round
    self.groups = groups
  }

  /// Who can be asked in the round, of those who would be: of a group with a list the whole list, or
  /// nobody as long as one of the list is not there.
  ///
  /// - Parameters:
  ///   - drawn: Clients, ascending.
  ///   - available: Who is there.
  package func narrow(
    _ drawn: [Int], round: Int, available: Set<Int>, matrix: ActivationMatrix
  ) -> [Int] {
    guard round == self.round else { return drawn }
    var asked = Set(drawn)
    for list in groups {
      guard let first = list.first else { continue }
      asked.subtract(matrix.group(of: first))
      if available.isSuperset(of: list) { asked.formUnion(list) }
    }
    return asked.sorted()
  }

  // MARK: - On disk

  private static func path(in folder: RunFolder) -> String {
    "\(folder.path)/signed-survivors.json"
  }

  /// What was kept; nil when nothing was, or it cannot be read.
  package static func read(from folder: RunFolder) -> SignedLists? {
    guard let data = FileManager.default.contents(atPath: path(in: folder)),
      data.count <= 1 << 24, let json = try? JSONParser.parse(Array(data)),
      let round = json["round"]?.integer, let lists = json["groups"]?.array
    else { return nil }
    let groups = lists.map { $0.array?.compactMap(\.integer) ?? [] }
    guard groups.allSatisfy({ $0 == Set($0).sorted() && $0.allSatisfy { $0 >= 0 } }) else {
      return nil
    }
    return SignedLists(round: round, groups: groups)
  }

  /// Keeps the lists.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`: then they must not go out.
  package func write(to folder: RunFolder) throws {
    let json: JSONValue = [
      "round": .integer(round),
      "groups": .array(groups.map { .array($0.map { .integer($0) }) }),
    ]
    try RunFolder.write(json.serialized + "\n", to: Self.path(in: folder))
  }
}
