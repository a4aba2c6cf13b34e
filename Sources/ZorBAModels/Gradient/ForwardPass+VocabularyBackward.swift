import CZorBAKernels
import ZorBATensor

extension ForwardPass {
  /// Leaves the step of `score`.
  ///
  /// - Returns: Where the logarithm of each row's sum of exponentials is wanted; nil unless the
  ///   values are normalised and recorded.
  func recordScore(
    head: Linear, _ hidden: Activation, rows: Range<Int>, targets: [VocabularyTarget],
    normalised: Bool
  ) -> UnsafeMutablePointer<Float>? {
    guard let recorder else { return nil }
    let needsWeight = needsGradient(head.weight)
    let bias = head.bias.flatMap { needsGradient($0) ? $0 : nil }
    let flows = recorder.isTracked(hidden)
    guard needsWeight || bias != nil || flows else { return nil }
    let kept = recorder.keep(hidden)
    guard normalised else {
      recorder.append { pass in
        pass.logitsBackward(
          head, kept.values, dx: flows ? pass.gradient(of: hidden) : nil, targets: targets)
      }
      return nil
    }
    let totals = arena.allocate(Float.self, count: rows.count)
    recorder.append { pass in
      pass.logarithmsBackward(
        head, kept.values.rows(rows), dx: flows ? pass.gradient(of: hidden).rows(rows) : nil,
        totals: totals, targets: targets, firstRow: rows.lowerBound)
    }
    return totals
  }

  /// Raw logits: only the targets' rows of the head take part.
  private func logitsBackward(
    _ head: Linear, _ x: Activation, dx: Activation?, targets: [VocabularyTarget]
  ) {
    workspace {
      let tensor = parameters[head.weight].tensor
      let row = arena.allocate(Float.self, count: head.inputs)
      guard !isMeasuring, let derivatives = tape?.derivatives else { return }
      let weights = gradient(of: head.weight)
      let biases = head.bias.flatMap { gradient(of: $0) }
      for target in targets {
        let derivative = Float(derivatives[target.place])
        if derivative == 0 { continue }
        if let dx {
          kernels.expand(tensor.row(target.token), tensor.dtype.kernelCode, head.inputs, row)
          kernels.add_multiple(dx.row(target.row), derivative, row, head.inputs)
        }
        if let weights {
          kernels.add_multiple(
            weights + target.token * head.inputs, derivative, x.row(target.row), head.inputs)
        }
        if let biases { biases[target.token] += derivative }
      }
    }
  }

  /// Logits and what passes back through them, a stretch of the vocabulary at a time.
  ///
  /// A value's derivative with respect to logit v is [v is the target] − softmax(logits)[v].
  private func logarithmsBackward(
    _ head: Linear, _ x: Activation, dx: Activation?, totals: UnsafeMutablePointer<Float>,
    targets: [VocabularyTarget], firstRow: Int
  ) {
    workspace {
      let weight = parameters[head.weight]
      let needsWeight = needsGradient(head.weight)
      let biases = head.bias.map { vectors($0) }
      let stretch = min(Self.stretch(rows: x.rows), head.outputs)
      let tile = Activation(
        base: arena.allocate(Float.self, count: x.rows * stretch), branches: 1, rows: x.rows,
        width: stretch, stride: stretch)
      // Σ of the derivatives of a row's values: what its softmax is weighted with.
      var weights = [Float](repeating: 0, count: x.rows)
      let derivatives = isMeasuring ? [] : (tape?.derivatives ?? [])
      if !isMeasuring {
        for target in targets {
          weights[target.row - firstRow] += Float(derivatives[target.place])
        }
      }
      for start in stride(from: 0, to: head.outputs, by: stretch) {
        let columns = start..<min(start + stretch, head.outputs)
        let part = tile.columns(0, width: columns.count)
        arena.scope {
          withJob(head, accumulate: false) { job in
            job.weight = UnsafeRawPointer(weight.tensor.row(start))
            job.n = columns.count
            product(
              job, x, into: part.base, stride: part.stride,
              bias: biases.map { UnsafePointer($0[0] + start) })
          }
          softmaxBackward(part, weights: weights, totals: totals)
          addDerivatives(of: targets, derivatives, columns: columns, to: part, firstRow: firstRow)
        }
        if let dx {
          arena.scope {
            withJob(head, accumulate: true) { job in
              job.weight = UnsafeRawPointer(weight.tensor.row(start))
              (job.n, job.k, job.transposed) = (head.inputs, columns.count, 1)
              product(job, part, into: dx.base, stride: dx.stride)
            }
          }
        }
        if needsWeight {
          addTransposedProduct(
            part, x, to: gradient(of: head.weight).map { $0 + start * head.inputs })
        }
        if let bias = head.bias, needsGradient(bias) {
          addColumns(of: part, to: gradient(of: bias).map { $0 + start })
        }
      }
    }
  }

  /// Columns of the vocabulary taken at once: a few thousand, fewer when there are many rows.
  private static func stretch(rows: Int) -> Int {
    max(tileWidth, min(4096, (1 << 21) / max(rows, 1) / tileWidth * tileWidth))
  }

  private func softmaxBackward(
    _ logits: Activation, weights: [Float], totals: UnsafeMutablePointer<Float>
  ) {
    weights.withUnsafeBufferPointer { weights in
      parallelRows(of: logits) { _, rows in
        for row in rows {
          kernels.exponentials(logits.row(row), logits.width, totals[row], -weights[row])
        }
      }
    }
  }

  private func addDerivatives(
    of targets: [VocabularyTarget], _ derivatives: [Double], columns: Range<Int>,
    to logits: Activation, firstRow: Int
  ) {
    if isMeasuring { return }
    var index = Self.firstIndex(in: targets, atLeast: columns.lowerBound)
    while index < targets.count, targets[index].token < columns.upperBound {
      let target = targets[index]
      logits.row(target.row - firstRow)[target.token - columns.lowerBound] += Float(
        derivatives[target.place])
      index += 1
    }
  }
}

extension Activation {
  /// Some rows of the only branch.
  fileprivate func rows(_ range: Range<Int>) -> Activation {
    precondition(branches == 1 && range.upperBound <= rows)
    return Activation(
      base: row(range.lowerBound), branches: 1, rows: range.count, width: width, stride: stride)
  }
}
