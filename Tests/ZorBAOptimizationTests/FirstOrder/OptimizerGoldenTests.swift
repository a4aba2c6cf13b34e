import Testing
import ZorBAFederation
import ZorBAJSON
import ZorBAOptimization
import ZorBATensor

/// Optimisers against PyTorch's, and the coordinator's against its paper.
@Suite struct OptimizerGoldenTests {
  private func numbers(_ value: JSONValue?) throws -> [Double] {
    try #require(value?.array).map { try #require($0.double) }
  }

  private func buffers(_ value: JSONValue?) throws -> [[Float]] {
    try #require(value?.array).map { try numbers($0).map { Float($0) } }
  }

  private func filled(_ values: [[Float]]) throws -> DenseBuffers {
    let buffers = try DenseBuffers(elementCounts: values.map(\.count))
    for (target, source) in zip(buffers.tensors, values) {
      _ = target.update(fromContentsOf: source)
    }
    return buffers
  }

  @Test func trajectoriesAreThoseOfPyTorch() throws {
    let context = try ComputeContext(threads: 2)
    let cases = try #require(try Goldens.load("optimizers").required("cases").array)
    #expect(cases.count == 5)
    for golden in cases {
      let name = golden["name"]?.string ?? ""
      var settings = FirstOrderOptimizer.Settings()
      settings.kind = try #require(
        OptimizerKind(rawValue: try golden.required("kind").string ?? ""))
      settings.momentum = golden["momentum"]?.double ?? 0
      if let betas = golden["betas"] {
        let pair = try numbers(betas)
        settings.betas = (pair[0], pair[1])
      }
      settings.weightDecay = try #require(golden["decay"]?.double)
      let clip = try #require(golden["clip"]?.double)
      let norms = try numbers(golden["norms"])
      let weights = try filled(buffers(golden["weights"]))
      let other = try filled(buffers(golden["weights"]))
      defer { withExtendedLifetime((weights, other)) {} }
      let chosen = Array(weights.tensors.indices)
      let optimizer = try FirstOrderOptimizer(
        settings, elementCounts: weights.tensors.map(\.count), context: context)
      // What a client before left is forgotten.
      optimizer.advance(
        other.tensors, gradients: weights.tensors, chosen: chosen, learningRate: 1)
      optimizer.reset()
      let steps = try #require(try golden.required("gradients").array)
      for (step, (gradient, rate)) in zip(steps, try numbers(golden["rates"])).enumerated() {
        let gradients = try filled(buffers(gradient))
        defer { withExtendedLifetime(gradients) {} }
        let norm = GradientClipping.clip(
          gradients.tensors, of: chosen, to: clip, context: context)
        if clip > 0 { #expect(abs(norm / norms[step] - 1) < 1e-6) }
        optimizer.advance(
          weights.tensors, gradients: gradients.tensors, chosen: chosen, learningRate: rate)
      }
      for (found, expected) in zip(weights.tensors, try buffers(golden["result"])) {
        for (left, right) in zip(found, expected) {
          #expect(abs(left - right) <= 1e-6 * max(1e-2, abs(right)), "\(name)")
        }
      }
    }
  }

  /// One element at a time, so threads cannot matter; tensors that are left out keep their bits.
  @Test func threadsAndUnchosenTensorsChangeNothing() throws {
    func run(threads: Int) throws -> [[Float]] {
      let context = try ComputeContext(threads: threads)
      let counts = [200_000, 7, 70_001]
      let weights = try DenseBuffers(elementCounts: counts)
      let gradients = try DenseBuffers(elementCounts: counts)
      defer { withExtendedLifetime((weights, gradients)) {} }
      for (tensor, (weight, gradient)) in zip(weights.tensors, gradients.tensors).enumerated() {
        for index in weight.indices {
          weight[index] = Float(index % 97) / 97 - 0.3
          gradient[index] = Float((index * 31 + tensor) % 89) / 89 - 0.5
        }
      }
      let optimizer = try FirstOrderOptimizer(.init(), elementCounts: counts, context: context)
      for _ in 0..<3 {
        GradientClipping.pull(
          gradients.tensors, of: weights.tensors, towards: gradients.tensors, chosen: [0, 2],
          strength: 0.1, context: context)
        GradientClipping.clip(gradients.tensors, of: [0, 2], to: 0.5, context: context)
        optimizer.advance(
          weights.tensors, gradients: gradients.tensors, chosen: [0, 2], learningRate: 0.1)
      }
      return weights.tensors.map(Array.init)
    }
    let one = try run(threads: 1)
    #expect(try run(threads: 3) == one)
    #expect(one[1] == (0..<7).map { Float($0 % 97) / 97 - 0.3 })
    #expect(one[0][5] != Float(5) / 97 - 0.3)
  }

  @Test func fedAdamIsThatOfItsPaper() throws {
    let golden = try Goldens.load("fedadam")
    let betas = try numbers(golden["betas"])
    let tau = try #require(golden["tau"]?.double)
    let rule = ServerRule.adam(
      rate: try #require(golden["rate"]?.double), firstBeta: betas[0], secondBeta: betas[1],
      tau: tau)
    let weights = try numbers(golden["weights"])
    let rounds = try #require(try golden.required("rounds").array)
    let size = try numbers(rounds[0]["mean"]).count
    let mean = DenseMean(elementCounts: [size])
    let moments = try DenseBuffers(elementCounts: [size, size])
    defer { withExtendedLifetime(moments) {} }
    let start = try #require(rule.start)
    moments.tensors[0].update(repeating: start.first)
    moments.tensors[1].update(repeating: start.second)
    let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: size)
    defer { values.deallocate() }
    for round in rounds {
      mean.reset()
      for (delta, weight) in zip(try buffers(round["deltas"]), weights) {
        mean.count(tensor: 0, weight: weight)
        delta.withUnsafeBufferPointer { mean.add($0, tensor: 0, first: 0, weight: weight) }
      }
      mean.mean(tensor: 0, first: 0, into: values)
      #expect(Array(values) == (try numbers(round["mean"]).map { Float($0) }))
      rule.apply(values, first: moments.tensors[0], second: moments.tensors[1])
      for (found, expected) in zip(values, try numbers(round["change"])) {
        #expect(abs(Double(found) - expected) <= 2e-6 * abs(expected) + 1e-12)
      }
    }
  }
}
