import Crypto
package import ZorBATensor

/// What a model's stored weights hash to, by block and as a whole.
///
/// Canonical stream, integers little endian, every hash a SHA-256:
///
///     chunk    = hash(stored bytes)                       pieces of 1 MiB, the last one shorter
///     tensor   = hash("zorba/1/tensor" | id u32 | dtype u8 | rank u32 | extent u64 ... | chunk ...)
///     block    = first 16 bytes of hash("zorba/1/block" | block u32 | tensors u32 | tensor ...)
///     state    = first 16 bytes of hash("zorba/1/state" | blocks u32 | block ...)
///
/// dtype: 0 float32, 1 bfloat16, 2 float16. Tensors stand in role order, blocks from 0. Chunks are
/// fixed, so the number of threads does not matter.
package struct StateDigest: Hashable, Sendable {
  /// One digest a block, from block 0.
  package let blocks: [Digest128]
  /// The digest of all blocks.
  package let state: Digest128

  /// Combines the digests of all blocks.
  package init(blocks: [Digest128]) {
    self.blocks = blocks
    var message = Array("zorba/1/state".utf8)
    message.append(littleEndian: UInt32(blocks.count))
    for block in blocks { message.append(contentsOf: block.bytes) }
    state = Digest128(prefixOf: SHA256.hash(data: message))
  }

  /// Hashes every block.
  package init(of parameters: ParameterSet, context: ComputeContext) {
    self.init(
      blocks: Self.digests(
        ofBlocks: Array(parameters.blocks.indices), of: parameters, context: context))
  }

  /// Hashes some blocks; digests come in the order of `blocks`.
  package static func digests(
    ofBlocks blocks: [Int], of parameters: ParameterSet, context: ComputeContext
  ) -> [Digest128] {
    let tensors = blocks.flatMap { parameters.blocks[$0] }
    var chunks: [(block: Int, bytes: UnsafeRawBufferPointer)] = []
    for parameter in tensors {
      chunks += Self.chunks(of: parameter.tensor).map { (parameter.id.block, $0) }
    }
    let residency = parameters.residency

    // [chunks, 32]
    var chunkDigests = [UInt8](repeating: 0, count: chunks.count * SHA256.byteCount)
    chunkDigests.withUnsafeMutableBytes { digests in
      let digests = digests
      context.team.forEach(chunks.count) { index, _ in
        var hash = SHA256()
        if let residency, index + lead < chunks.count {
          residency.prefetch(chunks[index + lead].bytes, block: chunks[index + lead].block)
        }
        hash.update(bufferPointer: chunks[index].bytes)
        residency?.release(chunks[index].bytes, block: chunks[index].block)
        hash.finalize().withUnsafeBytes { digest in
          UnsafeMutableRawBufferPointer(rebasing: digests[(index * SHA256.byteCount)...])
            .copyMemory(from: digest)
        }
      }
    }

    var nextChunk = 0
    return blocks.map { block in
      var message = Array("zorba/1/block".utf8)
      message.append(littleEndian: UInt32(block))
      message.append(littleEndian: UInt32(parameters.blocks[block].count))
      for parameter in parameters.blocks[block] {
        let end = nextChunk + Self.chunks(of: parameter.tensor).count
        let digests = chunkDigests[nextChunk * SHA256.byteCount..<end * SHA256.byteCount]
        message.append(contentsOf: tensorDigest(parameter, chunkDigests: digests))
        nextChunk = end
      }
      return Digest128(prefixOf: SHA256.hash(data: message))
    }
  }

  private static let chunkByteCount = 1 << 20
  /// How many chunks ahead of the one at hand weights are fetched from the disk.
  private static let lead = 4

  private static func chunks(of tensor: Tensor) -> [UnsafeRawBufferPointer] {
    let bytes = tensor.rawBytes
    return stride(from: 0, to: bytes.count, by: chunkByteCount).map { start in
      UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + chunkByteCount, bytes.count)])
    }
  }

  private static func tensorDigest(
    _ parameter: Parameter, chunkDigests: ArraySlice<UInt8>
  ) -> [UInt8] {
    let tensor = parameter.tensor
    var message = Array("zorba/1/tensor".utf8)
    message.append(littleEndian: parameter.id.rawValue)
    message.append(UInt8(tensor.dtype.kernelCode))
    message.append(littleEndian: UInt32(tensor.shape.count))
    for extent in tensor.shape { message.append(littleEndian: UInt64(extent)) }
    message.append(contentsOf: chunkDigests)
    return Array(SHA256.hash(data: message))
  }
}
