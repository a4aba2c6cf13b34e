import ZorBAFiles

extension FileAdvice {
  /// Of a log: what cannot be recorded is not done.
  static let audit = FileAdvice(
    reaching: "Check the path, the permissions and the disk.",
    owning: "Check the path, the permissions and the disk.",
    writing: "What was to be recorded was not done. Make room on the disk.",
    confirming: "What was to be recorded was not done. Check the disk.")
}
