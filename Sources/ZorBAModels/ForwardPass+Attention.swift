import CZorBAKernels
import ZorBATensor

extension ForwardPass {
  /// Rotates the queries of the wanted rows or the keys of all rows by their positions, in place.
  func rotate(_ x: Activation) {
    let headSize = model.headSize
    let places = x.rows == batch.rows ? batch.positions : wanted.positions
    precondition(x.rows == places.count)
    recordRotation(x, positions: places)
    parallelRows(of: x) { branch, rows in
      places.withUnsafeBufferPointer { positions in
        rotaryTable.withUnsafeBufferPointer { table in
          kernels.rotary(
            x.row(rows.lowerBound, branch: branch), rows.count, x.stride, x.width / headSize,
            headSize, positions.baseAddress.map { $0 + rows.lowerBound }, table.baseAddress)
        }
      }
    }
  }

  /// Softmax attention, head by head, causal but in encoders; grouped queries share key and value heads.
  ///
  /// Queries are those of the wanted rows, keys and values those of all rows. With a cache, the new
  /// keys and values join it and queries see all of it.
  func attention(
    _ query: Activation, _ key: Activation, _ value: Activation, layer: Int
  ) -> Activation {
    let out = activation(rows: query.rows, width: query.width, branches: query.branches)
    if let cache, !isMeasuring { cache.append(keys: key, values: value, layer: layer) }
    recordAttention(query, key, value, out, layer: layer)
    workspace {
      let heads = model.headCount
      let jobs = wanted.runs.map { attentionJob(query, key, value, out, layer: layer, run: $0) }
      var bytes = 0
      for var job in jobs { bytes = max(bytes, kernels.attention_scratch(&job)) }
      let scratch = workerScratch(byteCount: bytes)
      let group = heads / model.keyValueHeadCount
      let headSize = model.headSize
      let work = jobs.reduce(0) { $0 + $1.queries * $1.keys } * query.branches
      let tasks = query.branches * jobs.count * heads
      parallel(tasks, work: work * 2 * query.width) { index, worker in
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

  /// Attention of head 0 of branch 0 of one run of queries.
  private func attentionJob(
    _ query: Activation, _ key: Activation, _ value: Activation, _ out: Activation, layer: Int,
    run: WantedRows.Run
  ) -> zk_attention {
    precondition(key.stride == value.stride)
    var job = zk_attention()
    job.q = UnsafePointer(query.row(run.start))
    job.k = UnsafePointer(key.row(run.sequence.start))
    job.v = UnsafePointer(value.row(run.sequence.start))
    job.out = out.row(run.start)
    job.q_stride = query.stride
    job.kv_stride = key.stride
    job.out_stride = out.stride
    job.queries = run.count
    job.keys = run.end
    job.head_dim = model.headSize
    job.window = model.windows[layer]
    job.scale = model.attentionScale(layer: layer)
    if model.isEncoder {
      job.keys = run.sequence.count
      job.bidirectional = 1
    }
    if let cache {
      job.k = UnsafePointer(cache.keys(layer: layer))
      job.v = UnsafePointer(cache.values(layer: layer))
      job.kv_stride = cache.width
    }
    return job
  }
}
