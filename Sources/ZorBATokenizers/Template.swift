/// The special tokens that stand around one encoded sequence.
struct Template: Sendable, Equatable {
  var prefix: [Int32] = []
  var suffix: [Int32] = []
}
