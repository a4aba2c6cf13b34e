import ZorBADiagnostics
import ZorBASitePolicy

extension SiteLoading {
  /// What an agent may say of an error: of a row that cannot be used, where it is and not what it
  /// holds.
  ///
  /// An agent's errors go to its log, to whatever keeps its standard error, and may go to the
  /// coordinator. What is wrong with a row can hardly be said without quoting it: a label, a key, the
  /// fields of a file that lacks its header. A dry run says it to whoever sits before it.
  func withoutRows(_ error: ZorBAError) -> ZorBAError {
    let files = [configuration.data.train, configuration.data.validation, configuration.data.test]
    guard let file = error.location.file, files.contains(file), error.location.line != nil else {
      return error
    }
    return ZorBAError(
      error.code, "the row cannot be used", at: error.location,
      advice: "'zorba client SITE.yaml --dry-run --run RUN.yaml' says why. An agent does not, as "
        + "rows must not get into logs.")
  }
}
