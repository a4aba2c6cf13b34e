import SwiftProtobuf
import Synchronization
import ZorBADiagnostics
import ZorBAIdentity
package import ZorBAJSON
import ZorBAJournal
import ZorBAWire

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Many sites in one process that follow a run without a model: they answer with made-up scalars and
/// take commits at their word. What is left is what a coordinator and its wire cost.
package struct SiteCrowd: Sendable {
  /// What the sites saw.
  package struct Report: Sendable {
    package var sites = 0
    package var answers = 0
    package var commits = 0
    package var finished = 0
    package var failures: [String: Int] = [:]
    package var bytesReceived: UInt64 = 0
    package var bytesSent: UInt64 = 0
    /// From the beginning until every site had said that it is ready; 0 if one never did.
    package var secondsToReady = 0.0
    /// From the first commit to the last.
    package var seconds = 0.0
    /// From the first news of one commit to the first news of the next.
    package var roundSeconds: [Double] = []
    package var lastRound: UInt64 = 0

    /// The round time that so many of all rounds stay within; not a number before the second round.
    package func roundSeconds(share: Double) -> Double {
      let sorted = roundSeconds.sorted()
      guard !sorted.isEmpty else { return .nan }
      return sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]
    }

    package var json: JSONValue {
      var failures = JSONObject()
      for (reason, count) in self.failures.sorted(by: { $0.key < $1.key }) {
        _ = failures.append(.init(key: reason, value: .integer(count)))
      }
      return [
        "sites": .integer(sites), "answers": .integer(answers), "commits": .integer(commits),
        "finished": .integer(finished), "failures": .object(failures),
        "bytes_received": .integer(Int(clamping: bytesReceived)),
        "bytes_sent": .integer(Int(clamping: bytesSent)),
        "seconds_to_ready": .number(secondsToReady), "seconds": .number(seconds),
        "round_seconds": .array(roundSeconds.map { .number($0) }),
        "last_round": .integer(Int(clamping: lastRound)),
      ]
    }

    package var text: String {
      "\(finished) of \(sites) sites followed the run to round \(lastRound): \(answers) answers, "
        + "\(commits) commits in \(seconds) s; \(bytesReceived) bytes received, \(bytesSent) sent; "
        + "all ready after \(secondsToReady) s, median round \(roundSeconds(share: 0.5)) s.\n"
        + failures.sorted { $0.key < $1.key }.map { "\($0.value) x \($0.key)\n" }.joined()
    }
  }

  private struct State {
    var report = Report()
    let start = ContinuousClock.now
    var ready = 0
    var allReady: ContinuousClock.Instant?
    var firstCommit: ContinuousClock.Instant?
    /// When the newest round was first heard of.
    var newest: ContinuousClock.Instant?
    var lastCommit: ContinuousClock.Instant?
  }

  private let host: String
  private let port: Int
  private let identities: [String]
  private let atOnce: Int

  /// - Parameter identities: The identity folder of every site.
  package init(host: String, port: Int, identities: [String], atOnce: Int) {
    self.host = host
    self.port = port
    self.identities = identities
    self.atOnce = max(1, atOnce)
  }

  /// Runs until every site's stream has ended, or the time is over.
  package func run(seconds: Double) async throws -> Report {
    let shared = Shared()
    let turnstile = Turnstile(places: atOnce)
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        try? await Task.sleep(for: .seconds(seconds))
      }
      for (number, folder) in identities.enumerated() {
        group.addTask { await follow(number, folder, shared, turnstile) }
      }
      var left = identities.count + 1
      for await _ in group {
        left -= 1
        // The time is over, or all streams have ended.
        if left <= 1 { group.cancelAll() }
      }
    }
    return shared.report(sites: identities.count)
  }

  private final class Shared: Sendable {
    private let state = Mutex(State())

    func note(_ change: (inout Report) -> Void) { state.withLock { change(&$0.report) } }

    func committed(_ round: UInt64) {
      state.withLock { state in
        let now = ContinuousClock.now
        state.report.commits += 1
        state.firstCommit = state.firstCommit ?? now
        state.lastCommit = now
        guard round > state.report.lastRound else { return }
        if let newest = state.newest {
          state.report.roundSeconds.append((now - newest) / .seconds(1))
        }
        state.newest = now
        state.report.lastRound = round
      }
    }

    func isReady(of sites: Int) {
      state.withLock { state in
        state.ready += 1
        if state.ready == sites { state.allReady = .now }
      }
    }

    func report(sites: Int) -> Report {
      state.withLock { state in
        state.report.sites = sites
        if let ready = state.allReady {
          state.report.secondsToReady = (ready - state.start) / .seconds(1)
        }
        if let first = state.firstCommit, let last = state.lastCommit {
          state.report.seconds = (last - first) / .seconds(1)
        }
        return state.report
      }
    }
  }

  private func follow(
    _ number: Int, _ folder: String, _ shared: Shared, _ turnstile: Turnstile
  ) async {
    let client = WireClient(host: host, port: port) {
      try ConnectionSecurity(of: IdentityFolder(folder).load(), admits: [.coordinator])
    }
    await turnstile.enter()
    do {
      try await client.withConnection { connection in
        await turnstile.leave()
        defer {
          let traffic = connection.traffic
          shared.note {
            $0.bytesReceived += traffic.received
            $0.bytesSent += traffic.sent
          }
        }
        try await connection.participate { inbound, outbound in
          try await outbound.send(
            .with {
              $0.hello = .with {
                $0.protocolMinimum = ProtocolVersions.current.minimum
                $0.protocolMaximum = ProtocolVersions.current.maximum
                $0.software = Software.description
              }
            })
          var next: UInt64 = 1
          var scalars = 1
          for try await message in inbound {
            switch message.kind {
            case .welcome(let welcome):
              let header = try JournalHeader(encoded: Array(welcome.journalHeader))
              let method = header.configuration["method"]
              scalars =
                (method?["directions"]?.integer ?? 1) * (method?["local_steps"]?.integer ?? 1)
              let chain = try await Self.chain(of: welcome, over: connection)
              try await outbound.send(
                .with {
                  $0.ready = .with {
                    $0.lastRound = welcome.lastRound
                    $0.journalChain = Data(chain)
                    $0.examples = 100
                  }
                })
              shared.isReady(of: identities.count)
            case .advance(let advance):
              if advance.hasCommit {
                next = advance.commit.round + 1
                shared.committed(advance.commit.round)
              }
              guard advance.hasAssignment else { break }
              let assignment = advance.assignment
              let round = assignment.round == 0 ? next : assignment.round
              let values = (0..<scalars).map { index in
                Float(Int(round) % 17 - 8) * 0.01 + Float((number + index) % 7) * 0.001
              }
              try await outbound.send(
                .with {
                  $0.result = .with {
                    $0.round = round
                    $0.attempt = assignment.attempt
                    $0.scalars = PackedFloats.pack(values)
                    $0.examples = 8
                    $0.loss = 1
                    if assignment.digestBlock > 0 { $0.blockDigest = Data(repeating: 7, count: 8) }
                  }
                })
              shared.note { $0.answers += 1 }
            case .evaluate(let evaluate):
              try await outbound.send(
                .with {
                  $0.evaluation.round = evaluate.round
                  $0.evaluation.absent = true
                })
            case .digestRequest(let request):
              try await outbound.send(
                .with {
                  $0.stateDigest.round = request.round
                  $0.stateDigest.digests = Data(repeating: 7, count: 16)
                })
            case .goodbye(let goodbye):
              let isFinished = goodbye.reason == .finished
              shared.note {
                if isFinished {
                  $0.finished += 1
                } else {
                  $0.failures["\(goodbye.reason): \(goodbye.text)", default: 0] += 1
                }
              }
              return
            default: break
            }
          }
        }
      }
    } catch is CancellationError {
      shared.note { $0.failures["the time was over", default: 0] += 1 }
    } catch {
      await turnstile.leave()
      shared.note { $0.failures["\(error)".excerpt(limit: 120), default: 0] += 1 }
    }
  }

  /// The chain value at the end of the journal, by fetching and reading all of it.
  private static func chain(
    of welcome: Zorba_V1_Welcome, over connection: WireConnection
  ) async throws -> [UInt8] {
    let bytes = Mutex<[UInt8]>([])
    try await connection.fetchJournal(.with { $0.run = welcome.run }) { piece in
      bytes.withLock { $0 += Array(piece) }
    }
    // The chain value is the last part of the last record.
    return bytes.withLock { Array($0.suffix(16)) }
  }
}

/// Lets so many pass at a time.
private actor Turnstile {
  private var places: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(places: Int) { self.places = places }

  func enter() async {
    if places > 0 {
      places -= 1
      return
    }
    await withCheckedContinuation { waiting.append($0) }
  }

  func leave() {
    if waiting.isEmpty { places += 1 } else { waiting.removeFirst().resume() }
  }
}
