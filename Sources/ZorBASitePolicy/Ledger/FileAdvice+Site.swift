import ZorBAFiles

extension FileAdvice {
  /// Of a site: what cannot be counted or written down is not sent.
  static let site = FileAdvice(
    reaching: nil, owning: "Make the site's user its owner.",
    writing: "Nothing was sent. Make room on the disk, or check its permissions.",
    confirming: "Nothing was sent. Check the disk.")
}
