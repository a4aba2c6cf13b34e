package import ZorBA
import ZorBADiagnostics
package import ZorBAJournal
import ZorBAOptimization
import ZorBATensor

/// What defines a run on the coordinator: its configuration, the shape of what it trains and the
/// header of its journal. No weights of the base model and no data.
package struct RunBlueprint: Sendable {
  package let name: String
  package let configuration: RunConfiguration
  /// The tensors that the run moves: the model's, or those of an adapter beside them.
  package let card: ModelCard
  /// Bytes of the model as it is stored, an adapter's included.
  package let weightsByteCount: Int
  package let header: JournalHeader
  /// Whether answers are dense updates rather than scalars.
  package let isFirstOrder: Bool

  /// The sites by number, the first one at index 0.
  package var sites: [String] { configuration.federation.sites }
  /// Why the run goes in the clear although its file leaves that to the coordinator; nil where it does
  /// not.
  var clearBecause: String?
  /// Whether the run is masked on condition that sites can form groups.
  var isProvisional = false
  /// Clients by the names of their sites, from 0.
  package let clients: [String: Int]

  /// - Parameter card: The base model.
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the run names no sites or asks for
  ///   something that needs data; as `ModelCard.trained(by:)`.
  package init(name: String, configuration: RunConfiguration, card: ModelCard) throws {
    try configuration.validate()
    guard !configuration.federation.sites.isEmpty else {
      throw ZorBAError(
        .invalidConfiguration, "run '\(name)' names no sites",
        at: .init(field: "federation.sites"),
        advice: "List the sites that may take part, by the names in their certificates.")
    }
    if configuration.blocks.sensitivity == .probe {
      throw ZorBAError(
        .invalidConfiguration, "run '\(name)' asks for a probe, which needs data",
        at: .init(field: "blocks.sensitivity"),
        advice: "Use prior, or a file that 'zorba simulate' left.")
    }
    let trained = try card.trained(by: configuration)
    self.name = name
    self.configuration = trained.configuration
    isFirstOrder = configuration.method.name.isFirstOrder
    clients = Dictionary(
      configuration.federation.sites.enumerated().map { ($0.element, $0.offset) },
      uniquingKeysWith: { first, _ in first })
    self.card = trained.card
    weightsByteCount = trained.weightsByteCount
    header = trained.journalHeader
    let moved = header.model.blocks.dropFirst(configuration.blocks.outer ? 0 : 1).joined()
    if isFirstOrder, let tensor = moved.first(where: { $0.dtype != .float32 }) {
      throw ZorBAError(
        .invalidConfiguration,
        "first-order training changes float32 weights; \(tensor.name) is stored "
          + tensor.dtype.rawValue, at: .init(field: "precision.weights"),
        advice: "Set precision.weights to float32, or train an adapter, which always is.")
    }
  }

  /// The block whose digest the answers to a round carry; nil for none. Every block comes up within
  /// `digest_every` times the number of blocks.
  package func digestBlock(round: Int) -> Int? {
    let every = configuration.federation.digestEvery
    guard every > 0, round > 1, (round - 1).isMultiple(of: every) else { return nil }
    return (round - 1) / every % card.model.blocks.count
  }
}
