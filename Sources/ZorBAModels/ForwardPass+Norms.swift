import CZorBAKernels
import ZorBATensor

extension ForwardPass {
  /// y = (x − mean) / sqrt(variance + ε) · weight + bias, row by row; `x` and `y` may be the same.
  func layerNorm(_ norm: Norm, _ x: Activation, into y: Activation) {
    precondition(x.stride == y.stride && x.width == norm.width && y.width == norm.width)
    recordNorm(norm, x, y, centred: true)
    workspace {
      let weights = norm.weight.map { vectors($0) } ?? constants(1, width: norm.width)
      let biases = norm.bias.map { vectors($0) } ?? constants(0, width: norm.width)
      parallelRows(of: x) { branch, rows in
        kernels.layer_norm(
          x.row(rows.lowerBound, branch: branch), y.row(rows.lowerBound, branch: branch),
          rows.count, norm.width, x.stride, weights[branch], biases[branch], model.normEpsilon)
      }
    }
  }

  /// y = x / sqrt(mean(x²) + ε) · weight, row by row; `x` and `y` may be the same.
  func rmsNorm(_ norm: Norm, _ x: Activation, into y: Activation) {
    precondition(x.stride == y.stride && x.width == norm.width && y.width == norm.width)
    recordNorm(norm, x, y, centred: false)
    workspace {
      let weights = norm.weight.map { vectors($0) } ?? constants(1, width: norm.width)
      parallelRows(of: x) { branch, rows in
        kernels.rms_norm(
          x.row(rows.lowerBound, branch: branch), y.row(rows.lowerBound, branch: branch),
          rows.count, norm.width, x.stride, weights[branch], model.normEpsilon)
      }
    }
  }

  /// Normalises every head of every row by itself, in place.
  func headwiseRMSNorm(_ norm: Norm, _ x: Activation) {
    let heads = x.split(width: norm.width)
    rmsNorm(norm, heads, into: heads)
  }

  /// Applies a pointwise function in place.
  func activate(_ function: ActivationFunction, _ x: Activation) {
    recordActivation(function, x)
    parallelRows(of: x) { branch, rows in
      let start = x.row(rows.lowerBound, branch: branch)
      let count = rows.count * x.width
      switch function {
      case .relu: kernels.relu(start, count)
      case .gelu: kernels.gelu(start, count)
      case .geluTanh: kernels.gelu_tanh(start, count)
      case .silu: kernels.silu(start, count)
      }
    }
  }

  /// gate ← silu(gate) · up: the gated linear unit (Shazeer, 2020).
  func gate(_ gate: Activation, with up: Activation) {
    recordGate(gate, up)
    parallelRows(of: gate) { branch, rows in
      kernels.silu_multiply(
        gate.row(rows.lowerBound, branch: branch), up.row(rows.lowerBound, branch: branch),
        rows.count * gate.width)
    }
  }
}
