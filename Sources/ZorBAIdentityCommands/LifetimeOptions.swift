import ArgumentParser
import ZorBAIdentity

/// How long a new certificate is valid.
struct LifetimeOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Days of validity; 30 unless given, at most 397.", valueName: "n"))
  var days: Int?

  @Option(help: ArgumentHelp("Hours of validity, in addition to --days.", valueName: "n"))
  var hours: Int?

  var lifetime: CertificateLifetime {
    get throws {
      guard days != nil || hours != nil else { return .standard }
      return try CertificateLifetime(days: days ?? 0, hours: hours ?? 0)
    }
  }
}
