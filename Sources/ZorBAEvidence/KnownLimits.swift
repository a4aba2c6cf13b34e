/// What the evidence does not show, said in the evidence itself.
enum KnownLimits {
  static let sentences = [
    "Rows stay at the sites. That does not make the run private: what sites send depends on their "
      + "rows, and so does the model. Only differential privacy bounds what can be learnt from either, "
      + "and only for the epsilon recorded above.",
    "Without secure aggregation the coordinator sees every site's scalars or updates.",
    "Secure aggregation hides one site's answer only while at most the assumed share of the sites in "
      + "its group tell the coordinator what they know; the group's sum is never hidden.",
    "Losses and figures of evaluations carry no noise; epsilon does not count them.",
    "A site that begins at a snapshot has its weights from the coordinator on trust until the next "
      + "vote on state digests.",
    "Whoever holds the authority's key can be any member. Where the coordinator has it, secure "
      + "aggregation does not hold against the coordinator.",
    "Counts of rows are what sites told, as exactly as their policies let them.",
    "A log proves what its keeper recorded, not that the keeper recorded everything. A log that was "
      + "cut at its end looks whole unless an anchor that was kept elsewhere names a later record.",
    "A keeper who has the log's key can write another history from any record on; an anchor, or an "
      + "older copy, shows it.",
    "A malicious site can send plausible falsehoods; robust rules bound what few sites can do.",
    "Time stamps are the keeper's clock.",
  ]
}
