import CZorBAKernels
import ZorBATensor

extension ForwardPass {
  /// Leaves the step of a rotation in place.
  func recordRotation(_ x: Activation, positions: [Int32]) {
    guard let recorder else { return }
    recorder.willOverwrite(x, self)
    guard recorder.isTracked(x) else { return }
    recorder.append { pass in
      let d = pass.gradient(of: x)
      let headSize = pass.model.headSize
      pass.parallelRows(of: d) { branch, rows in
        positions.withUnsafeBufferPointer { positions in
          pass.rotaryTable.withUnsafeBufferPointer { table in
            pass.kernels.rotary_backward(
              d.row(rows.lowerBound, branch: branch), rows.count, d.stride, d.width / headSize,
              headSize, positions.baseAddress.map { $0 + rows.lowerBound }, table.baseAddress)
          }
        }
      }
    }
  }

  /// Leaves the step of attention, which makes its scores anew.
  func recordAttention(
    _ query: Activation, _ key: Activation, _ value: Activation, _ out: Activation, layer: Int
  ) {
    guard let recorder else { return }
    let flows = (
      query: recorder.isTracked(query), key: recorder.isTracked(key),
      value: recorder.isTracked(value)
    )
    guard flows.query || flows.key || flows.value else { return }
    let kept = (recorder.keep(query), recorder.keep(key), recorder.keep(value))
    let runs = wanted.runs
    recorder.track(out)
    recorder.append { pass in
      let gradients = AttentionGradients(
        out: pass.gradient(of: out), query: flows.query ? pass.gradient(of: query) : nil,
        key: flows.key ? pass.gradient(of: key) : nil,
        value: flows.value ? pass.gradient(of: value) : nil)
      pass.attentionBackward(
        (kept.0.values, kept.1.values, kept.2.values), gradients, runs: runs, layer: layer,
        causal: !pass.model.isEncoder)
    }
  }

  private struct AttentionGradients {
    let out: Activation
    let query: Activation?
    let key: Activation?
    let value: Activation?
  }

  /// All heads of all sequences.
  ///
  /// Queries that share keys are handled by one thread after another: the runs of a sequence, and
  /// the query heads of a key head.
  private func attentionBackward(
    _ x: (query: Activation, key: Activation, value: Activation),
    _ gradients: AttentionGradients, runs: [WantedRows.Run], layer: Int, causal: Bool
  ) {
    workspace {
      var bytes = 0
      var work = 0
      var sequences: [[zk_attention_backward]] = []
      var start: Int?
      for run in runs {
        var job = backwardJob(x, gradients, run: run, layer: layer)
        job.causal = causal ? 1 : 0
        bytes = max(bytes, kernels.attention_backward_scratch(&job))
        work += job.queries * job.keys * x.query.width * 5
        if run.sequence.start == start {
          sequences[sequences.count - 1].append(job)
        } else {
          sequences.append([job])
        }
        start = run.sequence.start
      }
      let scratch = workerScratch(byteCount: bytes)
      let keyHeads = model.keyValueHeadCount
      let group = model.headCount / keyHeads
      let headSize = model.headSize
      parallel(sequences.count * keyHeads, work: work) { index, worker in
        let keyHead = index % keyHeads
        let keyPlace = keyHead * headSize
        for var job in sequences[index / keyHeads] {
          job.k += keyPlace
          job.v += keyPlace
          job.d_k = job.d_k.map { $0 + keyPlace }
          job.d_v = job.d_v.map { $0 + keyPlace }
          for head in keyHead * group..<(keyHead + 1) * group {
            var job = job
            job.q += head * headSize
            job.d_out += head * headSize
            job.d_q = job.d_q.map { $0 + head * headSize }
            kernels.attention_backward(&job, scratch[worker])
          }
        }
      }
    }
  }

  /// Head 0 of one run of queries.
  private func backwardJob(
    _ x: (query: Activation, key: Activation, value: Activation),
    _ gradients: AttentionGradients, run: WantedRows.Run, layer: Int
  ) -> zk_attention_backward {
    let keys = run.sequence.start
    var job = zk_attention_backward()
    job.q = UnsafePointer(x.query.row(run.start))
    job.k = UnsafePointer(x.key.row(keys))
    job.v = UnsafePointer(x.value.row(keys))
    job.d_out = UnsafePointer(gradients.out.row(run.start))
    job.d_q = gradients.query?.row(run.start)
    job.d_k = gradients.key?.row(keys)
    job.d_v = gradients.value?.row(keys)
    job.q_stride = x.query.stride
    job.k_stride = x.key.stride
    job.v_stride = x.value.stride
    job.d_out_stride = gradients.out.stride
    job.d_q_stride = gradients.query?.stride ?? 0
    job.d_k_stride = gradients.key?.stride ?? 0
    job.d_v_stride = gradients.value?.stride ?? 0
    job.queries = run.count
    job.keys = model.isEncoder ? run.sequence.count : run.end
    job.head_dim = model.headSize
    job.window = model.windows[layer]
    job.scale = model.attentionScale(layer: layer)
    return job
  }
}
