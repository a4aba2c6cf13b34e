import CZorBAKernels
package import ZorBATensor

/// The base of an adapted model with its adapter folded in: weights that compute the same without one.
///
/// W + scale · B A for a LoRA; for an IA3 rows of W and its bias, or columns of W, times the vector. Sums
/// are binary32, rounded once. A base that was trained over as NF4 is folded as it is stored.
package struct AdapterMerge: Sendable {
  private let layers: [String: Layer]
  private let model: Model

  private struct Layer: Sendable {
    let layer: Linear
    let isBias: Bool
  }

  /// - Parameter model: An adapted model.
  package init(_ model: Model) {
    self.model = model
    var layers: [String: Layer] = [:]
    if let adapter = model.adapter {
      let declarations = model.configuration.declarations(adapter)
      for (module, layer) in declarations.adaptedLayers {
        layers[module + ".weight"] = Layer(layer: layer, isBias: false)
        guard layer.bias != nil, case .outputScale = layer.adapter else { continue }
        layers[module + ".bias"] = Layer(layer: layer, isBias: true)
      }
    }
    self.layers = layers
  }

  /// Whether the adapter changes a parameter of the base.
  package func changes(_ name: String) -> Bool { layers[name] != nil }

  /// A parameter of the base with the adapter folded in, as binary32; nil for one it leaves alone.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput` when memory is exhausted.
  package func tensor(named name: String) throws -> Tensor? {
    guard let place = layers[name], let adapter = place.layer.adapter else { return nil }
    let layer = place.layer
    let handle = place.isBias ? layer.bias ?? layer.weight : layer.weight
    let stored = model.bound[handle].tensor
    let buffer = try AlignedBuffer(byteCount: stored.elementCount * 4)
    let values = buffer.bytes.bindMemory(to: Float.self, capacity: max(1, stored.elementCount))
    model.compute.kernels.expand(
      stored.bytes, stored.dtype.kernelCode, stored.elementCount, values)
    switch adapter {
    case .lowRank(let adapter): add(adapter, of: layer, to: values)
    case .inputScale(let vector), .outputScale(let vector):
      let factors = floats(vector)
      let scalesRows = isRow(adapter, of: layer) && !place.isBias
      let width = stored.rowLength
      for index in 0..<stored.elementCount {
        values[index] *= factors[scalesRows ? index / width : index % width]
      }
    }
    return Tensor(dtype: .float32, shape: stored.shape, bytes: buffer.bytes, owner: buffer)
  }

  /// Whether a factor belongs to a row of the stored matrix rather than a column.
  private func isRow(_ adapter: LinearAdapter, of layer: Linear) -> Bool {
    if case .outputScale = adapter { return layer.layout == .outputsFirst }
    return layer.layout == .inputsFirst
  }

  private func floats(_ handle: ParameterHandle) -> UnsafePointer<Float> {
    UnsafePointer(model.bound[handle].tensor.bytes.assumingMemoryBound(to: Float.self))
  }

  private func add(
    _ adapter: LowRankAdapter, of layer: Linear, to values: UnsafeMutablePointer<Float>
  ) {
    let down = floats(adapter.down.weight)
    let up = floats(adapter.up.weight)
    let rank = adapter.down.outputs
    let isOutputsFirst = layer.layout == .outputsFirst
    // A row of outputs each; every element is written by one worker.
    model.compute.team.forEach(layer.outputs) { output, _ in
      var sums = [Float](repeating: 0, count: layer.inputs)
      for index in 0..<rank {
        let factor = up[output * rank + index]
        for input in 0..<layer.inputs { sums[input] += factor * down[index * layer.inputs + input] }
      }
      for input in 0..<layer.inputs {
        let place =
          isOutputsFirst ? output * layer.inputs + input : input * layer.outputs + output
        values[place] += adapter.scale * sums[input]
      }
    }
  }
}
