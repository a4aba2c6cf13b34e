import Testing
import ZorBADiagnostics
import ZorBASitePolicy
import ZorBATestSupport

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

@Suite struct SiteConfigurationTests {
  static let small = """
    coordinator: localhost:7443
    identity: id
    model: m
    data: {train: t.jsonl}
    state: state
    """

  static let rich = """
    name: ward-3
    coordinator: "[2001:db8::1]:443"
    identity: /keys
    download_model: true
    data: {train: t.jsonl, validation: v.csv, test: /data/x.tsv}
    state: s/
    policy: rules.yaml
    run: sentiment
    threads: 4
    memory_mib: 2048
    calibration: c.json
    log_level: debug
    reconnect: {first_seconds: 0.5, longest_seconds: 30}
    sent_log: {file: log/sent.jsonl, keep_mib: 8}
    """

  @Test func theSmallestFileGetsEveryDefault() throws {
    let site = try SiteConfiguration.parse(Self.small, file: "site.yaml", base: "dir/")
    #expect(site.name == nil && site.run == nil && site.threads == nil)
    #expect(site.coordinator == CoordinatorAddress(host: "localhost", port: 7443))
    #expect(site.identity == "dir/id" && site.model == .folder("dir/m"))
    #expect(site.data.train == "dir/t.jsonl" && site.data.validation == nil)
    #expect(site.state == "dir/state" && site.policy == "dir/policy.yaml")
    #expect(site.memoryMiB == 0 && site.calibration == nil && site.logLevel == .info)
    #expect(site.reconnect.firstSeconds == 1 && site.reconnect.longestSeconds == 60)
    #expect(site.sentLog.path == "dir/state/sent.jsonl" && site.sentLog.keepMiB == 64)
  }

  @Test func everyKeyArrives() throws {
    let site = try SiteConfiguration.parse(Self.rich, file: "site.yaml", base: "dir/")
    #expect(site.name == "ward-3" && site.run == "sentiment" && site.threads == 4)
    #expect(site.coordinator.description == "[2001:db8::1]:443")
    #expect(site.identity == "/keys" && site.model == .download)
    #expect(site.data.validation == "dir/v.csv" && site.data.test == "/data/x.tsv")
    #expect(site.state == "dir/s/" && site.policy == "dir/rules.yaml")
    #expect(site.memoryMiB == 2048 && site.calibration == "dir/c.json")
    #expect(site.logLevel == .debug)
    #expect(site.reconnect.firstSeconds == 0.5 && site.reconnect.longestSeconds == 30)
    #expect(site.sentLog.path == "dir/log/sent.jsonl" && site.sentLog.keepMiB == 8)
  }

  @Test(arguments: [
    ("coordinator=nowhere", "coordinator", "'nowhere'"),
    ("coordinator=h:0", "coordinator", "'h:0'"),
    ("coordinator=~", "coordinator", "missing"), ("identity=~", "identity", "missing"),
    ("model=~", "model", "missing"), ("download_model=true", "download_model", "beside model"),
    ("data.train=~", "data.train", "missing"), ("data.rows=x", "data.rows", "unknown"),
    ("state=~", "state", "missing"), ("threads=0", "threads", "0"),
    ("memory_mib=-1", "memory_mib", "-1"), ("log_level=loud", "log_level", "'loud'"),
    ("reconnect.first_seconds=90", "", ""),
    ("reconnect.longest_seconds=0.5", "reconnect.longest_seconds", "0.5"),
    ("sent_log.keep_mib=0", "sent_log.keep_mib", "0"),
    ("sent_log.path=x", "sent_log.path", "unknown"),
    ("name=Ward 3", "name", "'Ward 3'"), ("polcy=x", "polcy", "unknown"),
  ])
  func faultsNameTheKey(_ override: String, _ field: String, _ quote: String) throws {
    do {
      _ = try SiteConfiguration.parse(Self.small, file: "site.yaml", overrides: [override])
      #expect(field.isEmpty)
    } catch let error as ZorBAError {
      #expect(error.location.file == "site.yaml" && error.location.field == field)
      #expect(error.message.contains(quote), "\(error.message)")
      #expect(error.advice != nil)
    }
  }

  @Test func faultsNameTheLine() throws {
    do {
      _ = try SiteConfiguration.parse(
        Self.small + "\nlog_level: loud\n", file: "site.yaml")
      Issue.record("read")
    } catch let error as ZorBAError {
      #expect(error.location.line == 6)
    }
  }

  @Test(arguments: [
    ("host:1", "host", 1), ("a-b.example_c.org:65535", "a-b.example_c.org", 65_535),
    ("10.0.0.1:7443", "10.0.0.1", 7443), ("[::1]:80", "::1", 80),
  ])
  func addressesAreRead(_ text: String, _ host: String, _ port: Int) throws {
    let address = try #require(CoordinatorAddress(text))
    #expect(address.host == host && address.port == port)
    #expect(address.description == text)
  }

  @Test(arguments: [
    "", ":", "host", "host:", ":80", "host:65536", "host:-1", "host:+1", "host:080000", "::1:80",
    "[]:80", "[host]:80", "a b:80", "http://host:80", "host:80/", "[::1:80", "hóst:80",
  ])
  func otherTextsAreNoAddresses(_ text: String) {
    #expect(CoordinatorAddress(text) == nil)
  }

  @Test func aSiteWithoutAPolicyDoesNotStart() throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.small.utf8, to: "site.yaml")
    let path = "\(folder.path)/site.yaml"
    do {
      _ = try SiteConfiguration.read(path: path)
      Issue.record("read")
    } catch let error as ZorBAError {
      #expect(error.location.field == "policy")
    }
    try folder.write(PolicyText().yaml.utf8, to: "policy.yaml")
    let site = try SiteConfiguration.read(path: path)
    #expect(site.policy == "\(folder.path)/policy.yaml")
    #expect(try SitePolicy.read(path: site.policy).federation == "hospitals")
  }

  @Test func theExamplesCanBeRead() throws {
    let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let site = try SiteConfiguration.read(path: "\(root)/Examples/site/site.yaml")
    let policy = try SitePolicy.read(path: site.policy)
    #expect(policy.hours != nil)
    #expect(!PolicyExplanation(policy).sentences.isEmpty)
  }

  @Test func mutationsAreErrorsOrSites() {
    var mutator = Mutator(seed: 6)
    var sites = 0
    for _ in 0..<3000 {
      let text = String(decoding: mutator.mutate(Array(Self.rich.utf8)), as: UTF8.self)
      do {
        _ = try SiteConfiguration.parse(text, file: "site.yaml")
        sites += 1
      } catch {
        #expect((error as? ZorBAError)?.location.file == "site.yaml")
      }
    }
    #expect(sites > 100 && sites < 2900)
  }
}
