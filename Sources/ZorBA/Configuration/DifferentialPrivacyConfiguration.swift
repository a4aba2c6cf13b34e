/// What a run promises about the rows behind its scalars.
public struct DifferentialPrivacyConfiguration: Sendable, Equatable {
  /// What the promise is about.
  public enum Level: String, Sendable, CaseIterable {
    /// One row of a site.
    case record
    /// All rows of a site.
    case site
  }

  /// Which runs must be hard to tell apart.
  public enum Neighbours: String, Sendable, CaseIterable {
    /// With a unit and without it.
    case addRemove = "add_remove"
    /// With a unit and with another in its place.
    case replace
  }

  /// Who adds the noise.
  public enum Noise: String, Sendable, CaseIterable {
    /// Every site adds all of it, so that nobody but the site need be trusted.
    case central
    /// Every site adds a share; only sums over sites are private, so nobody may see less than that.
    case distributed
  }

  /// What the promise is about.
  public var level = Level.record
  /// epsilon, of each site over the whole run.
  public var epsilon: Double
  /// delta.
  public var delta = 1e-5
  /// C: the longest vector of a unit's scalars, over the directions of one step.
  public var clip = 10.0
  /// Who adds the noise.
  public var noise = Noise.central
  /// sigma, the noise over C; nil computes it from epsilon at each site.
  public var noiseMultiplier: Double?
  /// What neighbours are.
  public var neighbours = Neighbours.addRemove
  /// Honest sites whose shares add up to all of the noise; 0 for central noise.
  public var shares = 0
  /// Rounds more than the run's that the noise is computed for: a crash charges one that nobody sees.
  public var spareRounds = 2

  /// A promise with every default.
  public init(epsilon: Double) { self.epsilon = epsilon }
}
