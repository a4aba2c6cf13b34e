/// What the evidence does not show, said in the evidence itself.
enum KnownLimits {
  static let sentences = [
    "Rows stay at the sites. That does not make the run private: what sites send depends on their "
      + "rows, and so does the model. Only differential privacy bounds what can be learnt from either, "
      + "and only for the epsilon recorded above.",
    "Without secure aggregation the coordinator sees every site's scalars or updates.",
    "Counts of rows are what sites told, as exactly as their policies let them.",
    "A log proves what its keeper recorded, not that the keeper recorded everything. A log that was "
      + "cut at its end looks whole unless an anchor that was kept elsewhere names a later record.",
    "A keeper who has the log's key can write another history from any record on; an anchor, or an "
      + "older copy, shows it.",
    "A malicious site can send plausible falsehoods; robust rules bound what few sites can do.",
    "Time stamps are the keeper's clock.",
  ]
}
