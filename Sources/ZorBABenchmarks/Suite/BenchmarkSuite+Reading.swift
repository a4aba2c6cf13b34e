import ZorBAConfiguration
import ZorBADiagnostics

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension BenchmarkSuite {
  /// Reads a suite from YAML text.
  ///
  /// - Parameters:
  ///   - file: What errors call the text.
  ///   - overrides: `key.path=value` texts that replace what the file says.
  ///   - base: What goes before relative paths of models and data.
  ///   - bundle: What `${bundle}` stands for: the folder of what ships with the program.
  ///   - settle: Makes a variable's value from the command line hold from anywhere.
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming file, line and key.
  package static func parse(
    _ text: String, file: String, overrides: [String] = [], base: String = "", bundle: String = "",
    settle: (String) -> String = { $0 }
  ) throws -> BenchmarkSuite {
    var node = try ConfigurationNode(parsing: text, file: file)
    for override in overrides { try node.apply(override: override) }
    let variables = try SuiteVariables(of: node, file: file, bundle: bundle, settle: settle)
    try variables.substitute(in: &node, file: file)
    return try BenchmarkSuite(
      ConfigurationSection(node, file: file, path: ""), base: base)
  }

  /// Reads a suite file; relative paths inside are taken from its folder, `out` and what `overrides`
  /// name from the working directory.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration`.
  package static func read(
    path: String, overrides: [String] = [], bundle: String
  ) throws -> BenchmarkSuite {
    let data: Data
    do {
      data = try Data(contentsOf: URL(filePath: path))
    } catch {
      throw ZorBAError(
        .invalidConfiguration, "cannot be read", at: .init(file: path),
        advice: "Check the path and its permissions.", cause: error)
    }
    guard data.count <= 1 << 20, let text = String(validating: data, as: UTF8.self) else {
      throw ZorBAError(
        .invalidConfiguration, "is not a text of at most 1 MiB", at: .init(file: path),
        advice: "Pass the YAML file of the suite.")
    }
    let here = FileManager.default.currentDirectoryPath
    let absolute = path.hasPrefix("/") ? path : "\(here)/\(path)"
    let folder = absolute.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    return try parse(
      text, file: path, overrides: overrides, base: folder.joined(separator: "/") + "/",
      bundle: bundle
    ) { value in
      let named = "\(here)/\(value)"
      return !value.hasPrefix("/") && FileManager.default.fileExists(atPath: named) ? named : value
    }
  }

  private init(_ root: ConfigurationSection, base: String) throws {
    guard let name = try root.text("name") else {
      throw root.failure("name", "is missing", advice: "Give the suite a name.")
    }
    try Self.requireName(name, root, "name")
    self.init(name: name, out: "benchmarks/\(name)")
    _ = root.node("variables")
    summary = try root.text("summary") ?? ""
    regimes = try Self.regimes(root) ?? regimes
    methods = try SuiteMethod.all(root)
    tasks = try SuiteTask.all(root, methods: methods.map(\.name), base: base)
    alphas = try root.numbers(
      "alphas", rule: "numbers above 0, at most 1e6", default: []
    ) { $0 > 0 && $0 <= 1e6 }
    seeds = try root.numbers(
      "seeds", rule: "whole numbers from 0 to 2^53", default: [1]
    ) { $0 >= 0 && $0 <= 0x1p53 && $0.rounded() == $0 }.map { UInt64($0) }
    confidence = try root.number(
      "confidence", rule: "a share from 0.5 to 0.9999", default: confidence
    ) { $0 >= 0.5 && $0 <= 0.9999 }
    energy = try EnergyAssumptions(root.section("energy"))
    if try root.text("cell_mib") != nil {
      cellMiB = try root.integer("cell_mib", in: 1...1 << 24, default: 1)
    }
    poolsBatches = try root.flag("pooled_batch", default: poolsBatches)
    keepsJournals = try root.flag("keep_journals", default: keepsJournals)
    out = try root.text("out") ?? out
    try root.finish()
    for (key, isEmpty) in [
      ("regimes", regimes.isEmpty), ("methods", methods.isEmpty), ("tasks", tasks.isEmpty),
      ("seeds", seeds.isEmpty),
    ] where isEmpty {
      throw root.failure(key, "is missing or empty", advice: "List one at least.")
    }
    for (key, isDistinct) in [
      ("seeds", Set(seeds).count == seeds.count), ("alphas", Set(alphas).count == alphas.count),
    ] where !isDistinct {
      throw root.failure(key, "lists a number twice", advice: "List each once.")
    }
  }

  /// The regimes that a section lists; nil when it says nothing of them.
  static func regimes(_ section: ConfigurationSection) throws -> [Regime]? {
    try section.texts("regimes").map { names in
      try names.map { name in
        guard let regime = Regime(rawValue: name) else {
          throw section.failure(
            "regimes", "'\(name.excerpt())' is not known",
            advice: "Use: \(Regime.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        return regime
      }
    }
  }

  /// Names stand in ids, and ids are folders.
  static func requireName(_ name: String, _ section: ConfigurationSection, _ key: String) throws {
    let first = name.utf8.first ?? UInt8(ascii: "-")
    guard name.utf8.count <= 40, first != UInt8(ascii: "-"),
      name.utf8.allSatisfy({ "abcdefghijklmnopqrstuvwxyz0123456789_-".utf8.contains($0) })
    else {
      throw section.failure(
        key, "'\(name.excerpt())' cannot be a name",
        advice: "Use up to 40 of a-z, 0-9, '_' and '-', not beginning with '-'.")
    }
  }
}

extension EnergyAssumptions {
  fileprivate init(_ section: ConfigurationSection) throws {
    self.init()
    wattsPerCore = try section.number(
      "watts_per_core", rule: "a number above 0, at most 10000", default: wattsPerCore
    ) { $0 > 0 && $0 <= 10_000 }
    let standard = gramsPerKilowattHour
    gramsPerKilowattHour = try section.number(
      "grams_per_kwh", rule: "a number from 0 to 10000", default: gramsPerKilowattHour
    ) { $0 >= 0 && $0 <= 10_000 }
    if let text = try section.text("source") {
      source = text
    } else if gramsPerKilowattHour != standard {
      throw section.failure(
        "grams_per_kwh", "has no source", advice: "Name where the factor is from under 'source'.")
    }
    try section.finish()
  }
}
