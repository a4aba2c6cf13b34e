import ZorBADiagnostics
import ZorBAFederation

extension DeclineCause {
  /// What an error of the site's own work is to the coordinator: its kind, and nothing of its text.
  init(of error: ZorBAError) {
    self =
      switch error.code {
      // Policies refuse before work begins; what refuses within it is the ledger of privacy.
      case .refused: .privacy
      case .invalidData: .data
      case .invalidModel, .unsupportedModel: .model
      case .invalidJournal: .journal
      case .inputOutput: .storage
      case .diverged: .diverged
      default: .failure
      }
  }

  /// What an error of the site's part in a secure aggregation is to the coordinator.
  init(ofSecure error: ZorBAError) {
    self =
      error.code == .diverged || error.code == .inputOutput
      ? DeclineCause(of: error) : .secureAggregation
  }
}
