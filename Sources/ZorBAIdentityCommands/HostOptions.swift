import ArgumentParser
import ZorBAIdentity

/// Where a coordinator can be reached.
struct HostOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A host name of the coordinator, for tools that check one. Repeatable.", valueName: "name"))
  var dns: [String] = []

  @Option(
    help: ArgumentHelp("An address of the coordinator. Repeatable.", valueName: "address"))
  var ip: [String] = []

  var names: HostNames { get throws { try HostNames(dns: dns, ip: ip) } }
}
