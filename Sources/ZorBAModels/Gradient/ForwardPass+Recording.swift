import ZorBATensor

/// What operations ask before they leave a step, and what steps have at hand.
extension ForwardPass {
  /// The tape, while operations are to be written to it.
  var recorder: Tape? { tape?.isRecording == true ? tape : nil }

  /// Whether the gradient of a parameter is wanted: false for frozen ones, which then cost nothing.
  func needsGradient(_ handle: ParameterHandle) -> Bool {
    tape?.recording.needsGradient(parameters[handle]) ?? false
  }

  /// The key of dropout's masks; nil when the pass does not train or wants none.
  var dropoutSeed: UInt64? { tape?.recording.options.dropoutSeed }

  /// Where the gradient of a trainable parameter is gathered; not to be touched while measuring.
  func gradient(of handle: ParameterHandle) -> UnsafeMutablePointer<Float>? {
    tape?.recording.place(of: parameters[handle])
  }

  /// The gradient of an activation that is tracked.
  func gradient(of x: Activation) -> Activation {
    guard let tape else { preconditionFailure("only a recorded pass has gradients") }
    return tape.gradient(of: x)
  }

  /// Applies one transformer block to `hidden`, recorded if a gradient goes through it.
  ///
  /// With checkpointing every block but the last runs unrecorded now and once more, recorded, on
  /// the way back. Blocks below the lowest trainable parameter are never recorded.
  func block(
    _ hidden: Activation, _ body: @escaping (Activation, ForwardPass) -> Activation
  ) -> Activation {
    guard let tape, let block else { return inGroups(hidden) { body($0, self) } }
    tape.begin(self)
    let isInputTracked = tape.isTracked(hidden)
    guard isInputTracked || tape.recording.needsGradients(inBlock: block) else {
      return tape.pausing { body(hidden, self) }
    }
    guard tape.recording.options.checkpointing, block < model.layerCount else {
      let result = body(hidden, self)
      if block < model.layerCount { tape.end(self) }
      return result
    }
    let input = copied(hidden)
    tape.replayLater(
      .init(
        block: block, hidden: hidden, input: input, isInputTracked: isInputTracked,
        wanted: wanted, body: body))
    let result = tape.pausing { body(hidden, self) }
    tape.track(result)
    return result
  }

  /// Walks back from the values' derivatives to the gradients of all trainable parameters.
  ///
  /// - Parameter derivatives: dLoss/dvalue, in the order of the values; nothing while measuring.
  func walkBack(_ derivatives: [Double]) { tape?.walkBack(self, derivatives: derivatives) }

  // MARK: - Memory

  /// A copy of `x` without gaps between its rows, which carries no gradient.
  func copied(_ x: Activation) -> Activation {
    let copy = Activation(
      base: arena.allocate(Float.self, count: x.flatRows * x.width), branches: x.branches,
      rows: x.rows, width: x.width, stride: x.width)
    self.copy(x, to: copy)
    return copy
  }

  /// `x`, or a copy of it when there are gaps between its rows.
  func compact(_ x: Activation) -> Activation { x.stride == x.width ? x : copied(x) }

  func copy(_ x: Activation, to y: Activation) {
    parallelRows(of: x) { branch, rows in
      for row in rows {
        y.row(row, branch: branch).update(from: x.row(row, branch: branch), count: x.width)
      }
    }
  }

  /// Sets `count` elements to zero.
  func clear(_ start: UnsafeMutablePointer<Float>, count: Int) {
    let piece = 1 << 16
    parallel((count + piece - 1) / piece, work: count) { index, _ in
      let first = index * piece
      (start + first).update(repeating: 0, count: min(piece, count - first))
    }
  }
}
