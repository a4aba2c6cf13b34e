#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Replaces a file's bytes.
func write(_ bytes: [UInt8], to path: String) throws {
  try FileManager.default.createDirectory(
    at: URL(filePath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
  try Data(bytes).write(to: URL(filePath: path))
}

/// Copies the files of a folder.
func copyFolder(_ folder: String, to copy: String) throws {
  for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
    try write(contents(of: "\(folder)/\(name)"), to: "\(copy)/\(name)")
  }
}
