import CZorBAKernels
import ZorBATensor

extension ForwardPass {
  /// Rotates queries or keys, head by head, by their positions; in place.
  func rotate(_ x: Activation) {
    let headSize = model.headSize
    parallelRows(of: x) { branch, rows in
      batch.positions.withUnsafeBufferPointer { positions in
        rotaryTable.withUnsafeBufferPointer { table in
          kernels.rotary(
            x.row(rows.lowerBound, branch: branch), rows.count, x.stride, x.width / headSize,
            headSize, positions.baseAddress.map { $0 + rows.lowerBound }, table.baseAddress)
        }
      }
    }
  }

  /// Causal softmax attention, head by head; grouped queries share key and value heads.
  ///
  /// With a cache, the new keys and values join it and queries see all of it.
  func attention(
    _ query: Activation, _ key: Activation, _ value: Activation, layer: Int
  ) -> Activation {
    let out = activation(width: query.width, branches: query.branches)
    scope {
      let heads = model.headCount
      let jobs = batch.sequences.map { sequence in
        attentionJob(query, key, value, out, layer: layer, sequence: sequence)
      }
      var bytes = 0
      for var job in jobs { bytes = max(bytes, kernels.attention_scratch(&job)) }
      let scratch = workerScratch(byteCount: bytes)
      let group = heads / model.keyValueHeadCount
      let headSize = model.headSize
      parallel(query.branches * jobs.count * heads) { index, worker in
        let head = index % heads
        let branch = index / heads / jobs.count
        var job = jobs[index / heads % jobs.count]
        job.q += branch * query.rows * query.stride + head * headSize
        job.k += branch * key.rows * job.kv_stride + head / group * headSize
        job.v += branch * value.rows * job.kv_stride + head / group * headSize
        job.out += branch * out.rows * out.stride + head * headSize
        kernels.attention(&job, scratch[worker])
      }
    }
    return out
  }

  /// Attention of head 0 of branch 0 of one sequence.
  private func attentionJob(
    _ query: Activation, _ key: Activation, _ value: Activation, _ out: Activation, layer: Int,
    sequence: PackedBatch.Sequence
  ) -> zk_attention {
    precondition(key.stride == value.stride)
    var job = zk_attention()
    job.q = UnsafePointer(query.row(sequence.start))
    job.k = UnsafePointer(key.row(sequence.start))
    job.v = UnsafePointer(value.row(sequence.start))
    job.out = out.row(sequence.start)
    job.q_stride = query.stride
    job.kv_stride = key.stride
    job.out_stride = out.stride
    job.queries = sequence.count
    job.keys = sequence.past + sequence.count
    job.head_dim = model.headSize
    job.window = model.windows[layer]
    job.scale = model.attentionScale(layer: layer)
    if let cache {
      if !isMeasuring { cache.append(keys: key, values: value, layer: layer) }
      job.k = UnsafePointer(cache.keys(layer: layer))
      job.v = UnsafePointer(cache.values(layer: layer))
      job.kv_stride = cache.width
    }
    return job
  }
}
