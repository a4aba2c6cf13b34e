/// Who may read files that are written.
package enum FileAudience: Sendable {
  /// Their owner alone, whatever the umask: files 600, folders 700.
  case owner
  /// Whom the umask leaves: for what somebody exports to hand it on.
  case umask

  /// The mode of a new file before the umask.
  var fileMode: UInt16 { self == .owner ? 0o600 : 0o666 }
  /// The mode of a new folder before the umask.
  var folderMode: UInt16 { self == .owner ? 0o700 : 0o777 }
}
