import Foundation
import Testing
import ZorBA
import ZorBAFederation
import ZorBATestSupport

@testable import ZorBACoordinator

/// An attempt at a round of which a sum may be known asks exactly the same sites.
@Suite struct SignedListsTests {
  private func matrix() throws -> ActivationMatrix {
    try ActivationMatrix(
      rows: (0..<7).map { client in client < 4 ? [true, false] : [false, true] })
  }

  @Test func aListIsAskedWholeOrNotAtAll() throws {
    let matrix = try matrix()
    let lists = SignedLists(round: 5, groups: [[0, 1, 2]])
    func asked(_ drawn: [Int], round: Int = 5, there: Set<Int>) -> [Int] {
      lists.narrow(drawn, round: round, available: there, matrix: matrix)
    }
    let all = Array(0..<7)
    #expect(asked(all, there: Set(all)) == [0, 1, 2, 4, 5, 6])
    // Drawn or not, those of the list are asked.
    #expect(asked([0, 3, 4, 5, 6], there: Set(all)) == [0, 1, 2, 4, 5, 6])
    // One is missing: the other group goes on without theirs.
    #expect(asked([0, 2, 3, 4, 5, 6], there: [0, 2, 3, 4, 5, 6]) == [4, 5, 6])
    #expect(asked([0, 2, 3], there: [0, 2, 3]) == [])
    // Another round is nobody's business.
    #expect(asked([0, 3], round: 6, there: Set(all)) == [0, 3])
  }

  @Test func listsOutliveTheProcess() throws {
    let folder = RunFolder(path: try TemporaryFolder().path)
    try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder.path) }
    #expect(SignedLists.read(from: folder) == nil)
    let lists = SignedLists(round: 12, groups: [[0, 1, 2], [4, 5, 6]])
    try lists.write(to: folder)
    #expect(SignedLists.read(from: folder) == lists)
    let path = folder.path + "/signed-survivors.json"
    let whole = try #require(FileManager.default.contents(atPath: path))
    // Whatever is there, it is a list or nothing.
    var random = SeededGenerator(seed: 17)
    for _ in 0..<300 {
      var bytes = Array(whole)
      bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
      _ = FileManager.default.createFile(atPath: path, contents: Data(bytes))
      for list in SignedLists.read(from: folder)?.groups ?? [] {
        #expect(list == Set(list).sorted() && list.allSatisfy { $0 >= 0 })
      }
    }
  }
}
