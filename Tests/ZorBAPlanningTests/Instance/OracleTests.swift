import Foundation
import Testing
import ZorBAJSON

@testable import ZorBAPlanning

/// The optima that enumeration found have the Gamma that it found, within the file's digits.
@Suite("Enumerated instances")
struct OracleTests {
  @Test("have the listed Gamma at the listed optimum", arguments: Goldens.names)
  func shared(name: String) throws {
    let problem = try Goldens.instance(name).problem
    let optimum = try #require(try Goldens.optimum(name))
    let rows = try #require(optimum["rows"]?.array).compactMap(\.string).map(Goldens.row)
    let gamma = try #require(optimum["shared"]?.double)
    #expect(abs(problem.convergence.terms(rows: rows).value - gamma) < 1e-9)
    for (client, row) in rows.enumerated() {
      #expect(problem.sites[client].memory(row) <= problem.budgets[client])
    }
    for block in 0..<problem.blockCount {
      #expect(rows.count { $0[block] } >= problem.minimumClients)
    }
  }

  @Test(
    "have the listed minimum over all matrices under both seedings",
    arguments: ["shared", "per_client"])
  func minimum(seeding: String) throws {
    var text = try Goldens.text("i1")
    text = text.replacing("\"shared\"", with: "\"\(seeding)\"")
    let problem = try InstanceFile.parse(Array(text.utf8)).problem
    let rows = (0..<16).map { bits in (0..<4).map { bits >> $0 & 1 == 1 } }.filter { row in
      problem.sites[0].memory(row) <= problem.budgets[0]
    }
    var least = Double.infinity
    var assignment = Array(repeating: 0, count: 4)
    repeat {
      let chosen = assignment.map { rows[$0] }
      if (0..<4).allSatisfy({ block in chosen.contains { $0[block] } }) {
        least = min(least, problem.convergence.terms(rows: chosen).value)
      }
    } while advance(&assignment, below: rows.count)
    let listed = try #require(try Goldens.optimum("i1")?[seeding]?.double)
    #expect(abs(least - listed) < 1e-9)
  }

  /// Counts on; false after the last combination.
  private func advance(_ digits: inout [Int], below base: Int) -> Bool {
    for place in digits.indices {
      digits[place] += 1
      if digits[place] < base { return true }
      digits[place] = 0
    }
    return false
  }
}

extension Goldens {
  static func text(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: path("instance-\(name)"))), as: UTF8.self)
  }
}
