import ZorBAConfiguration

/// A method as the literature names it: what it sets in a run file.
package struct MethodPreset: Sendable, Equatable {
  /// What suites call it.
  package let name: String
  /// What reports call it.
  package let title: String
  /// What it does, in a sentence.
  package let summary: String
  /// Regimes in which it is a method of its own.
  package let regimes: [Regime]
  /// What it sets in every regime.
  package let run: RunFragment
  /// What it sets besides where a site trains by itself, on its own rows or on all of them: nobody is
  /// there to share blocks with.
  package let alone: RunFragment
  /// What the method as published sends, where that is not what this engine sends for it.
  package let published: PublishedTraffic?

  /// What a method sends as its authors describe it.
  package enum PublishedTraffic: Sendable, Equatable {
    /// Every trained parameter as binary32, up and down.
    case dense
    /// Up a site's share of the trained parameters as binary32, down all of them.
    case denseShare

    /// Bytes that one of `clients` sites sends and receives in a round.
    package func bytesPerClientRound(parameters: Int, clients: Int) -> Double {
      let dense = 4 * Double(parameters)
      return self == .dense ? 2 * dense : dense / Double(max(1, clients)) + dense
    }
  }

  /// - Parameters:
  ///   - run: YAML of the keys that are set.
  ///   - alone: YAML of what is set besides where a site trains by itself.
  init(
    _ name: String, _ title: String, _ summary: String, regimes: [Regime] = Regime.allCases,
    run: String, alone: String = "", published: PublishedTraffic? = nil
  ) {
    self.name = name
    self.title = title
    self.summary = summary
    self.regimes = regimes
    self.run = Self.fragment(run)
    self.alone = Self.fragment(alone)
    self.published = published
  }

  /// Presets are part of the program; a test reads every one of them.
  private static func fragment(_ text: String) -> RunFragment {
    guard !text.isEmpty, let node = try? ConfigurationNode(parsing: text, file: "preset") else {
      return RunFragment()
    }
    return RunFragment(node)
  }
}
