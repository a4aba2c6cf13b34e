import CZorBAKernels
import ZorBAModels
import ZorBATensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Llama in binary64, one sequence at a time, written for reading: the yardstick for rounding.
struct ReferenceLlama {
  private let c: ModelConfiguration
  private let weights: [String: [Double]]

  /// The model's weights, moved by `scale` along one direction in the active blocks, unrounded.
  init(_ model: Model, direction: Direction, scale: Double, active: Set<Int>) throws {
    c = model.configuration
    var weights: [String: [Double]] = [:]
    for parameter in model.parameters.all {
      var values = try parameter.tensor.floats().map(Double.init)
      if active.contains(parameter.id.block) {
        var restricted = direction.restricted(to: parameter.id)
        let width = parameter.tensor.rowLength
        var z = [Float](repeating: 0, count: width)
        for row in 0..<parameter.tensor.rowCount {
          model.compute.kernels.perturbation(&restricted, UInt32(row), 0, width, &z)
          for i in 0..<width { values[row * width + i] += scale * Double(z[i]) }
        }
      }
      weights[parameter.name] = values
    }
    self.weights = weights
  }

  /// Mean negative log-likelihood of every token given those before it.
  func loss(_ sequences: [[Int32]]) -> Double {
    var total = 0.0
    var count = 0
    for tokens in sequences {
      let hidden = hiddenStates(tokens)
      for position in 0..<tokens.count - 1 {
        let logits = product("lm_head.weight", norm("model.norm.weight", hidden[position]))
        let maximum = logits.max() ?? 0
        total += maximum + log(logits.reduce(0) { $0 + exp($1 - maximum) })
        total -= logits[Int(tokens[position + 1])]
        count += 1
      }
    }
    return total / Double(count)
  }

  private func hiddenStates(_ tokens: [Int32]) -> [[Double]] {
    let embedding = weights["model.embed_tokens.weight"] ?? []
    var x = tokens.map { Array(embedding[Int($0) * c.hiddenSize..<(Int($0) + 1) * c.hiddenSize]) }
    for layer in 0..<c.layerCount {
      let name = "model.layers.\(layer)."
      let input = x.map { norm(name + "input_layernorm.weight", $0) }
      let q = input.indices.map {
        rotated(product(name + "self_attn.q_proj.weight", input[$0]), $0)
      }
      let k = input.indices.map {
        rotated(product(name + "self_attn.k_proj.weight", input[$0]), $0)
      }
      let v = input.map { product(name + "self_attn.v_proj.weight", $0) }
      for row in x.indices {
        let mixed = attention(q[row], k[...row], v[...row])
        add(product(name + "self_attn.o_proj.weight", mixed), to: &x[row])
        let y = norm(name + "post_attention_layernorm.weight", x[row])
        let gate = product(name + "mlp.gate_proj.weight", y)
        let up = product(name + "mlp.up_proj.weight", y)
        let inner = zip(gate, up).map { $0 / (1 + exp(-$0)) * $1 }
        add(product(name + "mlp.down_proj.weight", inner), to: &x[row])
      }
    }
    return x
  }

  private func product(_ name: String, _ x: [Double]) -> [Double] {
    let weight = weights[name] ?? []
    return stride(from: 0, to: weight.count, by: x.count).map { start in
      var sum = 0.0
      for i in x.indices { sum += weight[start + i] * x[i] }
      return sum
    }
  }

  private func norm(_ name: String, _ x: [Double]) -> [Double] {
    let square = x.reduce(0) { $0 + $1 * $1 } / Double(x.count)
    let factor = 1 / (square + Double(c.normEpsilon)).squareRoot()
    return zip(x, weights[name] ?? []).map { $0 * factor * $1 }
  }

  private func rotated(_ x: [Double], _ position: Int) -> [Double] {
    guard case .rotary(let rotary) = c.positions else { return x }
    var x = x
    let half = c.headSize / 2
    for start in stride(from: 0, to: x.count, by: c.headSize) {
      for i in 0..<half {
        let angle =
          Double(position) * pow(rotary.base, -2 * Double(i) / Double(c.headSize))
        let (a, b) = (x[start + i], x[start + half + i])
        x[start + i] = a * cos(angle) - b * sin(angle)
        x[start + half + i] = b * cos(angle) + a * sin(angle)
      }
    }
    return x
  }

  private func attention(
    _ q: [Double], _ k: ArraySlice<[Double]>, _ v: ArraySlice<[Double]>
  ) -> [Double] {
    var out = [Double](repeating: 0, count: q.count)
    for head in 0..<c.headCount {
      let at = head * c.headSize
      let shared = head / (c.headCount / c.keyValueHeadCount) * c.headSize
      let scores = k.map { key in
        (0..<c.headSize).reduce(0.0) { $0 + q[at + $1] * key[shared + $1] }
          / Double(c.headSize).squareRoot()
      }
      let maximum = scores.max() ?? 0
      let sum = scores.reduce(0) { $0 + exp($1 - maximum) }
      for (score, value) in zip(scores, v) {
        let weight = exp(score - maximum) / sum
        for i in 0..<c.headSize { out[at + i] += weight * value[shared + i] }
      }
    }
    return out
  }

  private func add(_ y: [Double], to x: inout [Double]) {
    for i in x.indices { x[i] += y[i] }
  }
}
