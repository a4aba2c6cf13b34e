extension SiteMachine {
  /// Where a site's connection stands.
  package enum Link: String, Sendable {
    /// Not started.
    case idle
    /// For the time of the next try.
    case waiting
    case connecting
    /// Connected; hello waits for the journal's copy to be still, whose end it tells.
    case open
    /// Hello was said; the welcome is awaited.
    case greeting
    /// Welcome; journal and weights are brought up.
    case preparing
    /// The site can be asked.
    case ready
    /// Given up; the news that it ended is awaited.
    case closing
    /// Nothing follows.
    case over
  }

  /// What is being done to, or with, the weights.
  package enum Work: Sendable, Equatable {
    case none
    case fetching
    case rebuilding
    case applying(Int)
    case appending
    case computing(Ticket, isCancelled: Bool)
    case evaluating(Int, isCancelled: Bool)
    case digesting(Int, isCancelled: Bool)
  }

  /// What the coordinator can say with its last message.
  package enum Goodbye: String, Sendable, CaseIterable {
    case finished, stopped, refused, diverged, again, superseded
  }

  /// How it ended for a site.
  package enum Outcome: Sendable, Equatable {
    /// The run is over; the journal is complete.
    case finished
    /// An operator ended the run before its last round.
    case stopped
    /// The site may not take part.
    case refused
    /// Another process of the same site took over.
    case superseded
    /// The site's own side stopped it.
    case interrupted(reason: String)
    /// The site cannot follow the run.
    case failed(reason: String)
  }

  /// What arrives in the order of the stream and waits for its turn.
  enum Item: Sendable, Equatable {
    case commit(Int)
    case record
    case evaluation(Int)
    case digest(Int)
  }
}
