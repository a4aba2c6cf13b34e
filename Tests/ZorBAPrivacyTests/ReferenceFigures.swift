import Foundation
import ZorBAPrivacy

/// Reference values of `Tools/dp_reference.py`.
struct ReferenceFigures: Decodable {
  struct Row: Decodable {
    var q: Double
    var sigma: Double
    var count: Int
    var delta: Double
    var rdp: Double
    var add_remove: Double?
    var replace: Double?

    var events: [PrivacyEvent] {
      SubsampledGaussian(samplingRate: q, noiseMultiplier: sigma)
        .map { [PrivacyEvent($0, count: count)] } ?? []
    }
  }

  var rows: [Row]

  static func load() throws -> [Row] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
    let data = try Data(contentsOf: folder.appending(path: "Goldens/dp_accounting.json"))
    return try JSONDecoder().decode(ReferenceFigures.self, from: data).rows
  }
}

extension PrivacyEvent {
  /// One mechanism that is known to be usable.
  static func uses(_ q: Double, _ sigma: Double, _ count: Int) -> [PrivacyEvent] {
    SubsampledGaussian(samplingRate: q, noiseMultiplier: sigma)
      .map { [PrivacyEvent($0, count: count)] } ?? []
  }
}
