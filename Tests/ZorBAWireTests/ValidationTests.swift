import Foundation
import SwiftProtobuf
import Testing
import ZorBADiagnostics
import ZorBATestSupport
import ZorBAWire

@Suite struct ValidationTests {
  /// Damaged payloads are errors or valid messages; what is valid survives another trip unchanged.
  @Test(arguments: 0..<8)
  func surviveMutations(seed: Int) throws {
    var mutator = Mutator(seed: UInt64(seed))
    var valid = 0
    var broken = 0
    for _ in 0..<150 {
      for sample in Samples.all {
        let bytes = mutator.mutate(try sample.serializedBytes())
        do {
          try check(sample, bytes)
          valid += 1
        } catch {
          broken += 1
        }
      }
    }
    #expect(valid > 100 && broken > 100)
  }

  /// Noise too.
  @Test func surviveNoise() throws {
    var generator = SeededGenerator(seed: 9)
    for _ in 0..<500 {
      let count = Int.random(in: 0..<64, using: &generator)
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
      for sample in Samples.all { try? check(sample, bytes) }
    }
  }

  @Test func acceptsSamples() throws {
    for sample in Samples.all { try sample.validate(within: WireLimits()) }
  }

  /// Fields of a newer version pass through.
  @Test func keepsUnknownFields() throws {
    var bytes: [UInt8] = try Zorba_V1_SiteMessage.result(3).serializedBytes()
    // Field 1000, a varint.
    bytes += [0xc0, 0x3e, 0x2a]
    let message = try Zorba_V1_SiteMessage(serializedBytes: bytes)
    try message.validate(within: WireLimits())
    #expect(try message.serializedBytes() as [UInt8] == bytes)
  }

  /// Every rule by a message that breaks it, and the field that the error names.
  @Test(arguments: Samples.faulty)
  func namesTheField(fault: Samples.Fault) {
    let error = #expect(throws: ZorBAError.self) {
      try fault.message.validate(within: WireLimits())
    }
    #expect(error?.code == .invalidData)
    #expect(error?.location.field == fault.field)
  }

  private func check<Message: WireMessage>(_ like: Message, _ bytes: [UInt8]) throws {
    let message = try Message(serializedBytes: bytes)
    try message.validate(within: WireLimits())
    let again = try Message(serializedBytes: message.serializedBytes() as [UInt8])
    // Messages with numbers that are none differ from themselves; their bytes do not.
    #expect(
      try again.serializedBytes() as [UInt8] == message.serializedBytes() as [UInt8])
  }
}
