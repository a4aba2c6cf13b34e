package import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What the owner of a private file tells a person when the system refuses: what follows from it, and
/// what to do.
package struct FileAdvice: Sendable {
  /// When a file cannot be opened, read, locked or named.
  package var reaching: String?
  /// When it cannot be closed to others.
  package var owning: String?
  /// When it cannot be written.
  package var writing: String
  /// When the disk does not confirm what was written.
  package var confirming: String

  package init(reaching: String?, owning: String?, writing: String, confirming: String) {
    self.reaching = reaching
    self.owning = owning
    self.writing = writing
    self.confirming = confirming
  }

  /// The error for a system call that failed.
  ///
  /// - Parameters:
  ///   - message: What could not be done.
  ///   - number: The call's `errno`.
  ///   - advice: Instead of `reaching`.
  package func failure(
    _ message: String, _ path: String, _ number: Int32, advice: String? = nil
  ) -> ZorBAError {
    ZorBAError(
      .inputOutput, "\(message): \(String(cString: strerror(number)))", at: .init(file: path),
      advice: advice ?? reaching)
  }
}
