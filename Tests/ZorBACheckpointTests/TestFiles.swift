import Testing
import ZorBACheckpoint
import ZorBADiagnostics
import ZorBATensor

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The reference files written by Tools/checkpoint_goldens.py.
enum Golden {
  static let folder: String = {
    let here = #filePath
    let end = here.lastIndex(of: "/") ?? here.startIndex
    return here[..<end] + "/Goldens"
  }()

  static func path(_ name: String) -> String { folder + "/" + name }

  static func bytes(_ name: String) throws -> [UInt8] {
    try Array(Data(contentsOf: URL(filePath: path(name))))
  }
}

/// A folder of a test's own, removed with the object.
final class TemporaryFolder {
  let path: String

  init() throws {
    let parent = FileManager.default.temporaryDirectory.path(percentEncoded: false)
    path = (parent.hasSuffix("/") ? parent : parent + "/") + "zorba-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func path(_ name: String) -> String { path + "/" + name }

  @discardableResult
  func write(_ bytes: [UInt8], to name: String) throws -> String {
    // Foundation flushes each file to the disk, as do some file systems when a file is truncated and
    // rewritten; thousands of them take long.
    unlink(path(name))
    let descriptor = open(path(name), O_WRONLY | O_CREAT | O_EXCL, 0o644)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    try #require(
      bytes.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) } == bytes.count)
    return path(name)
  }

  @discardableResult
  func write(_ text: String, to name: String) throws -> String {
    try write(Array(text.utf8), to: name)
  }

  func bytes(_ name: String) throws -> [UInt8] {
    try Array(Data(contentsOf: URL(filePath: path(name))))
  }

  func copy(_ source: String, to name: String) throws {
    try FileManager.default.copyItem(atPath: source, toPath: path(name))
  }

  /// What lies in it, hidden files too, sorted.
  func names(_ subfolder: String = "") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path + "/" + subfolder).sorted()
  }
}

/// Tensors made in memory.
struct MemorySource: TensorSource {
  private let tensors: [(name: String, tensor: Tensor)]

  init(_ tensors: [(name: String, tensor: Tensor)]) {
    self.tensors = tensors.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  var tensorNames: [String] { tensors.map(\.name) }

  func tensor(named name: String) throws -> Tensor {
    guard let found = tensors.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) else {
      throw ZorBAError(.invalidModel, "no such tensor", at: .init(field: name))
    }
    return found.tensor
  }
}

extension Tensor {
  /// A float32 tensor with these elements, one dimension unless a shape is given.
  init(_ values: [Float], shape: [Int]? = nil) throws {
    let buffer = try AlignedBuffer(byteCount: values.count * 4)
    buffer.bytes.copyMemory(from: values, byteCount: values.count * 4)
    self.init(dtype: .float32, shape: shape ?? [values.count], bytes: buffer.bytes, owner: buffer)
  }

  var storedBytes: [UInt8] { Array(rawBytes) }
}

/// A safetensors file around a header written out by a test.
func safetensors(_ header: String, data: Int = 0) -> [UInt8] {
  let text = Array(header.utf8)
  return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
    + (0..<data).map { UInt8(truncatingIfNeeded: $0) }
}

/// The error that `body` throws, which must be one of ours.
func fault(_ body: () throws -> Void, _ location: SourceLocation = #_sourceLocation) throws
  -> ZorBAError
{
  try #require(throws: ZorBAError.self, sourceLocation: location, performing: body)
}

/// Sets the length of a file; bytes beyond its old end read as zero.
func extend(_ path: String, to count: Int) throws {
  try #require(truncate(path, off_t(count)) == 0)
}

/// `write(2)`, which a method named `write` hides.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}
