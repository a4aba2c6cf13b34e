/// What went wrong, where, and what to do about it.
///
/// Every error that a user, a file or a peer can cause is one of these. Its description is one or
/// two lines: the place (file, line, field), the fault with the offending value, then the advice.
public struct ZorBAError: Error, Sendable {
  /// What kind of fault it is; decides the exit code of the command line.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    /// The stable name of the code, as written to logs and JSON.
    public let description: String

    private init(_ description: String) { self.description = description }

    /// A command line, YAML key or option that cannot be used.
    public static let invalidConfiguration = Code("invalid_configuration")
    /// A data file or a row of it that cannot be used.
    public static let invalidData = Code("invalid_data")
    /// A checkpoint, configuration or tokenizer file that is damaged or contradicts itself.
    public static let invalidModel = Code("invalid_model")
    /// A well-formed model that asks for something this version does not implement.
    public static let unsupportedModel = Code("unsupported_model")
    /// A journal that is damaged, forked or belongs to another base model.
    public static let invalidJournal = Code("invalid_journal")
    /// The operating system refused to read, write or map something.
    public static let inputOutput = Code("input_output")
    /// Losses or scalars stopped being finite, or grew beyond the configured bound.
    public static let diverged = Code("diverged")
    /// A policy forbids what was asked.
    public static let refused = Code("refused")
    /// The work stopped early and can be resumed.
    public static let interrupted = Code("interrupted")
  }

  /// The place at fault; every part that is known is filled in.
  public struct Location: Hashable, Sendable {
    /// The path as the user wrote it.
    public var file: String?
    /// The line, counted from 1.
    public var line: Int?
    /// The key, column, tensor name or flag.
    public var field: String?

    /// Creates a location from whichever parts are known.
    public init(file: String? = nil, line: Int? = nil, field: String? = nil) {
      self.file = file
      self.line = line
      self.field = field
    }
  }

  /// What kind of fault it is.
  public var code: Code
  /// The fault in one sentence, naming the offending value.
  public var message: String
  /// Where it is.
  public var location: Location
  /// What the reader should do next.
  public var advice: String?
  /// The error underneath, if there is one.
  public var cause: (any Error)?

  /// Creates an error; give every part of the location that is known.
  public init(
    _ code: Code, _ message: String, at location: Location = Location(), advice: String? = nil,
    cause: (any Error)? = nil
  ) {
    self.code = code
    self.message = message
    self.location = location
    self.advice = advice
    self.cause = cause
  }
}
