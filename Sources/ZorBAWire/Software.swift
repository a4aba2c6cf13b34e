/// What this software calls itself to peers.
package enum Software {
  /// Name and version.
  package static let description = "zorba 0.2.0"
}
