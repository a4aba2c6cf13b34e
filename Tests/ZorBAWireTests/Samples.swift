import Foundation
import SwiftProtobuf
import Testing
import ZorBAWire

/// A valid message of every kind, and messages that break one rule each.
enum Samples {
  struct Fault: Sendable, CustomTestStringConvertible {
    var field: String
    var message: any WireMessage
    var testDescription: String { field }
  }

  static let site: [Zorba_V1_SiteMessage] = [
    .with {
      $0.hello = .with {
        $0.run = "trial-1"
        $0.protocolMinimum = 1
        $0.protocolMaximum = 2
        $0.software = "ZorBA"
        $0.journalBytes = 4096
        $0.journalChain = Data(count: 16)
      }
    },
    .with {
      $0.ready = .with {
        $0.lastRound = 12
        $0.journalChain = Data(count: 16)
        $0.examples = 500
        $0.costs = .with { $0.costs = Data("{}".utf8) }
      }
    },
    .result(9, scalars: 4),
    .with {
      $0.evaluation = .with {
        $0.round = 4
        $0.examples = 10
        $0.loss = .nan
        $0.accuracy = 0.5
        $0.macroF1 = .nan
        $0.segments = Data(
          #"{"north": {"accuracy": 0.5, "macro_f1": null, "loss": 1, "examples": 10}}"#.utf8)
      }
    },
    .with {
      $0.declined = .with {
        $0.round = 3
        $0.cause = .hours
        $0.refused = true
      }
    },
    .with {
      $0.stateDigest = .with {
        $0.round = 3
        $0.digests = Data(count: 48)
      }
    },
    .with { $0.heartbeat = .init() },
    .with { $0.leaving = .with { $0.reason = "maintenance" } },
    .with { $0.secureAggregation = secure },
    .with {
      $0.result = .with {
        $0.round = 7
        $0.masked = true
        $0.seconds = 2
      }
    },
  ]

  static let secure = Zorba_V1_SecureAggregation.with {
    $0.round = 7
    $0.attempt = 2
    $0.payload = Data([1, 2, 3])
  }

  static let coordinator: [Zorba_V1_CoordinatorMessage] = [
    .with {
      $0.welcome = .with {
        $0.run = "trial-1"
        $0.protocol = 1
        $0.journalHeader = Data("header".utf8)
        $0.siteNumber = 3
        $0.lastRound = 17
      }
    },
    .advance(5),
    .with {
      $0.record = .with {
        $0.type = 2
        $0.payload = Data([1, 2, 3])
        $0.chain = 5
      }
    },
    .with { $0.evaluate = .with { $0.round = 3 } },
    .with { $0.digestRequest = .with { $0.round = 3 } },
    .with { $0.pause = .with { $0.reason = "too few sites" } },
    .with {
      $0.goodbye = .with {
        $0.reason = .finished
        $0.text = "done"
      }
    },
    .with { $0.heartbeat = .init() },
    .with { $0.secureAggregation = secure },
  ]

  static let calls: [any WireMessage] = [
    Zorba_V1_DescribeModelResponse.with {
      $0.files = [
        .with {
          $0.name = "model.safetensors"
          $0.bytes = 1 << 30
          $0.digest = Data(count: 32)
        }
      ]
    },
    Zorba_V1_FetchModelRequest.with {
      $0.run = "trial-1"
      $0.name = "config.json"
    },
    Zorba_V1_RenewCertificateResponse.with { $0.certificates = [Data(count: 100)] },
    upload,
    Zorba_V1_UploadUpdateRequest.with { $0.piece = Data(repeating: 3, count: 40) },
    Zorba_V1_UploadUpdateResponse.with { $0.held = 1 << 20 },
    Zorba_V1_FetchJournalRequest.with {
      $0.run = "trial-1"
      $0.offset = 100
      $0.end = 5000
    },
    Zorba_V1_ListRunsResponse.with {
      $0.runs = [
        .with {
          $0.name = "trial-1"
          $0.loss = .nan
        }
      ]
    },
    Zorba_V1_ControlRunRequest.with {
      $0.run = "trial-1"
      $0.action = .pause
    },
    Zorba_V1_BranchRunRequest.with {
      $0.run = "trial-1"
      $0.name = "trial-2"
      $0.overrides = ["rounds=10"]
    },
    Zorba_V1_ListSitesResponse.with { $0.sites = [.with { $0.name = "north" }] },
  ]

  static let upload = Zorba_V1_UploadUpdateRequest.with {
    $0.declaration = .with {
      $0.run = "trial-1"
      $0.round = 9
      $0.attempt = 2
      $0.bytes = 1 << 20
      $0.digest = Data(count: 16)
      $0.offset = 1 << 18
    }
  }

  /// The answer to a round of a first-order run.
  static let denseResult = Zorba_V1_SiteMessage.with {
    $0.result = .with {
      $0.round = 9
      $0.updateDigest = Data(repeating: 7, count: 16)
      $0.examples = 32
      $0.loss = 0.5
    }
  }

  /// The commit of a dense round.
  static let denseAdvance = Zorba_V1_CoordinatorMessage.with {
    $0.advance.commit = .with {
      $0.round = 9
      $0.chain = 5
      $0.journalBytes = 1 << 22
    }
  }

  static let all: [any WireMessage] =
    site + coordinator + calls + [denseResult, denseAdvance]

  static let faulty: [Fault] = {
    var faults: [Fault] = []
    func add<Message: WireMessage>(
      _ field: String, _ message: Message, _ change: (inout Message) -> Void
    ) {
      var message = message
      change(&message)
      faults.append(Fault(field: field, message: message))
    }
    add("SiteMessage", site[0]) { $0 = .init() }
    add("Hello.protocol_minimum", site[0]) { $0.hello.protocolMinimum = 0 }
    add("Hello.protocol_minimum", site[0]) { $0.hello.protocolMinimum = 3 }
    add("Hello.journal_chain", site[0]) { $0.hello.journalChain = Data(count: 15) }
    add("Hello.journal_chain", site[0]) { $0.hello.journalChain = Data() }
    add("Hello.run", site[0]) { $0.hello.run = "../up" }
    add("Hello.software", site[0]) { $0.hello.software = String(repeating: "x", count: 5000) }
    add("Ready.journal_chain", site[1]) { $0.ready.journalChain = Data(count: 17) }
    add("Ready.costs.costs", site[1]) { $0.ready.costs.costs = Data(count: 1 << 20) }
    add("Result.round", site[2]) { $0.result.round = 0 }
    add("Result.round", site[2]) { $0.result.round = .max }
    add("Result.scalars", site[2]) { $0.result.scalars = Data(count: 5) }
    add("Result.scalars", site[2]) { $0.result.scalars = Data() }
    add("Result.scalars", site[2]) { $0.result.scalars = Data(count: 1 << 20) }
    add("Result.half_scalars", site[2]) { $0.result.halfScalars = Data(count: 12) }
    add("Result.block_digest", site[2]) { $0.result.blockDigest = Data(count: 7) }
    add("Result.seconds", site[2]) { $0.result.seconds = .infinity }
    add("Result.seconds", site[2]) { $0.result.seconds = -1 }
    add("Evaluation.accuracy", site[3]) { $0.evaluation.accuracy = 1.5 }
    add("Evaluation.examples", site[3]) { $0.evaluation.examples = 0 }
    add("Evaluation.segments", site[3]) { $0.evaluation.absent = true }
    add("Evaluation.segments", site[3]) { $0.evaluation.segments = Data(count: 1 << 17 + 1) }
    add("Declined.round", site[4]) { $0.declined.round = 0 }
    add("StateDigest.digests", site[5]) { $0.stateDigest.digests = Data(count: 40) }
    add("Leaving.reason", site[7]) { $0.leaving.reason = String(repeating: "é", count: 2500) }
    add("SecureAggregation.round", site[8]) { $0.secureAggregation.round = 0 }
    add("SecureAggregation.payload", site[8]) { $0.secureAggregation.payload = Data() }
    add("SecureAggregation.payload", site[8]) {
      $0.secureAggregation.payload = Data(count: 1 << 20)
    }
    add("Result.masked", site[9]) { $0.result.scalars = Data(count: 8) }
    add("Result.masked", site[9]) { $0.result.updateDigest = Data(count: 16) }
    add("Welcome.secure_epoch", coordinator[0]) { $0.welcome.secureEpoch = .max }
    add("Assignment.group", coordinator[1]) {
      $0.advance.assignment.round = 1
      $0.advance.assignment.group = Data(count: 1 << 20)
    }
    add("CoordinatorMessage", coordinator[0]) { $0 = .init() }
    add("Welcome.journal_header", coordinator[0]) { $0.welcome.journalHeader = Data() }
    add("Welcome.site_number", coordinator[0]) { $0.welcome.siteNumber = 0 }
    add("Commit.coefficients", coordinator[1]) {
      $0.advance.commit.coefficients = PackedFloats.pack([1, .nan])
    }
    add("Commit.coefficients", coordinator[1]) {
      $0.advance.commit.coefficients = PackedFloats.pack([-.infinity])
    }
    add("Commit.round", coordinator[1]) { $0.advance.commit.round = 0 }
    add("Advance", coordinator[1]) { $0.advance = .init() }
    add("Assignment.round", coordinator[1]) { $0.advance.clearCommit() }
    add("JournalRecord.type", coordinator[2]) { $0.record.type = 0 }
    add("DescribeModelResponse.files.name", Zorba_V1_DescribeModelResponse()) {
      $0.files = [.with { $0.name = "a/b" }]
    }
    add("DescribeModelResponse.files.digest", Zorba_V1_DescribeModelResponse()) {
      $0.files = [.with { $0.name = "a" }]
    }
    add("Result.update_digest", denseResult) { $0.result.updateDigest = Data(count: 15) }
    add("Result.update_digest", denseResult) { $0.result.scalars = Data(count: 4) }
    add("Result.scalars", denseResult) { $0.result.updateDigest = Data() }
    add("Commit.coefficients", denseAdvance) { $0.advance.commit.coefficients = Data(count: 4) }
    add("Commit.journal_bytes", denseAdvance) { $0.advance.commit.journalBytes = .max }
    add("FetchJournalRequest.end", Zorba_V1_FetchJournalRequest()) {
      $0.run = "a"
      $0.offset = 9
      $0.end = 8
    }
    add("UploadUpdateRequest", upload) { $0 = .init() }
    add("UploadUpdateRequest.piece", upload) { $0.piece = Data() }
    add("UploadUpdateRequest.piece", upload) { $0.piece = Data(count: 1 << 20) }
    add("UpdateDeclaration.run", upload) { $0.declaration.run = "" }
    add("UpdateDeclaration.round", upload) { $0.declaration.round = 0 }
    add("UpdateDeclaration.bytes", upload) { $0.declaration.bytes = 0 }
    add("UpdateDeclaration.bytes", upload) { $0.declaration.bytes = .max }
    add("UpdateDeclaration.digest", upload) { $0.declaration.digest = Data(count: 32) }
    add("UpdateDeclaration.offset", upload) { $0.declaration.offset = 1 << 21 }
    add("UploadUpdateResponse.held", Zorba_V1_UploadUpdateResponse()) { $0.held = .max }
    add("RenewCertificateRequest.signing_request", Zorba_V1_RenewCertificateRequest()) { _ in }
    add("RenewCertificateResponse.certificates", Zorba_V1_RenewCertificateResponse()) {
      $0.certificates = Array(repeating: Data([1]), count: 9)
    }
    add("ControlRunRequest.action", Zorba_V1_ControlRunRequest()) { $0.run = "a" }
    add("StartRunRequest.run_file", Zorba_V1_StartRunRequest()) {
      $0.name = "a"
      $0.runFile = String(repeating: "x", count: 1 << 19)
    }
    return faults
  }()
}
