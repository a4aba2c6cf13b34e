import CZorBAKernels
import Testing
import ZorBACheckpoint
import ZorBAJSON
import ZorBAModels
import ZorBATensor

/// The tiny Llama of Goldens/gradient: two losses and, from another implementation in binary64, their
/// gradients (Tools/gradient_goldens.py).
struct GradientProblem {
  enum Loss: String, CaseIterable {
    case lm, classification
  }

  let model: Model
  private let gradients: SafetensorsFile
  private let reference: JSONValue
  private let sequences: [[Int32]]
  private let candidates: [Int32]
  private let answers: [Int]

  init() throws {
    let folder =
      #filePath.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/Goldens/gradient"
    let checkpoint = try Checkpoint.open(directory: folder)
    model = try Model(
      configuration: ModelConfiguration(huggingFace: checkpoint.configuration),
      source: checkpoint, compute: ComputeContext(threads: 1))
    gradients = try SafetensorsFile(path: folder + "/gradients.safetensors")
    reference = try JSONParser.parse(contents(of: folder + "/case.json"), file: "case.json")
    func integers(_ value: JSONValue?) -> [Int] { value?.array?.compactMap(\.integer) ?? [] }
    sequences = try #require(reference["sequences"]?.array).map { integers($0).map(Int32.init) }
    candidates = integers(reference["candidates"]).map(Int32.init)
    answers = integers(reference["answers"])
  }

  func referenceLoss(_ loss: Loss) throws -> Double {
    try #require(reference["\(loss.rawValue)_loss"]?.double)
  }

  /// The exact gradient, by parameter.
  func gradient(_ loss: Loss) throws -> Vector {
    try Vector(
      values: model.parameters.blocks.map { block in
        try block.map { parameter in
          let tensor = try gradients.tensor(named: "\(loss.rawValue).\(parameter.name)")
          try #require(tensor.shape == parameter.tensor.shape && tensor.dtype == .float32)
          return (0..<tensor.elementCount).map {
            tensor.bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self)
          }
        }
      })
  }

  /// The loss in every branch: [branches].
  func losses(_ loss: Loss, plan: PerturbationPlan? = nil) throws -> [Double] {
    switch loss {
    case .lm:
      let result = try model.score(.languageModelling(sequences), plan: plan)
      return (0..<result.branchCount).map { branch in
        let scores = result.scores(branch: branch)
        return -scores.reduce(0, +) / Double(scores.count)
      }
    case .classification:
      let request = ScoringRequest(
        sequences: sequences,
        queries: sequences.enumerated().map { index, tokens in
          .init(
            sequence: index, position: tokens.count - 1, targets: candidates, normalised: false)
        })
      let result = try model.score(request, plan: plan)
      return (0..<result.branchCount).map { branch in
        answers.enumerated().reduce(0) { sum, entry in
          sum + crossEntropy(Array(result[branch, entry.offset]), answer: entry.element)
        } / Double(answers.count)
      }
    }
  }

  /// Central differences: [directions].
  func scalars(
    _ loss: Loss, _ directions: [Direction], scale: Float, active: Set<Int>
  ) throws -> [Double] {
    var scalars: [Double] = []
    for start in stride(from: 0, to: directions.count, by: 64) {
      let some = Array(directions[start..<min(start + 64, directions.count)])
      let losses = try losses(
        loss, plan: PerturbationPlan(directions: some, scale: scale, active: active))
      scalars += some.indices.map {
        (losses[2 * $0] - losses[2 * $0 + 1]) / (2 * Double(scale))
      }
    }
    return scalars
  }

  /// z in the active blocks, 0 elsewhere.
  func perturbation(_ direction: Direction, _ active: Set<Int>) -> Vector {
    Vector(
      values: model.parameters.blocks.enumerated().map { block, parameters in
        parameters.map { parameter in
          active.contains(block)
            ? perturbationValues(direction, of: parameter, kernels: model.compute.kernels)
            : [Float](repeating: 0, count: parameter.tensor.elementCount)
        }
      })
  }

  func elementCount(_ blocks: Set<Int>) -> Int {
    blocks.reduce(0) { $0 + model.parameters.elementCount(block: $1) }
  }
}

/// z of one tensor, row after row.
func perturbationValues(
  _ direction: Direction, of parameter: Parameter, kernels: zk_kernels
) -> [Float] {
  let tensor = parameter.tensor
  var restricted = direction.restricted(to: parameter.id)
  var values = [Float](repeating: 0, count: tensor.elementCount)
  values.withUnsafeMutableBufferPointer { buffer in
    guard let base = buffer.baseAddress else { return }
    for row in 0..<tensor.rowCount {
      kernels.perturbation(
        &restricted, UInt32(row), 0, tensor.rowLength, base + row * tensor.rowLength)
    }
  }
  return values
}

/// -log softmax(scores)[answer].
func crossEntropy(_ scores: [Double], answer: Int) -> Double {
  let top = scores.max() ?? 0
  return top + logarithm(scores.reduce(0) { $0 + exponential($1 - top) }) - scores[answer]
}

/// Values for every element of a model: [blocks][parameters][elements].
struct Vector {
  var values: [[[Float]]]

  init(values: [[[Float]]]) { self.values = values }

  /// Zeros.
  init(like other: Vector) {
    values = other.values.map { $0.map { Array(repeating: 0, count: $0.count) } }
  }

  func dot(_ other: Vector) -> Double {
    var sum = 0.0
    for (left, right) in zip(values.joined(), other.values.joined()) {
      for index in left.indices { sum += Double(left[index]) * Double(right[index]) }
    }
    return sum
  }

  func norm(_ blocks: Set<Int>) -> Double {
    var sum = 0.0
    for block in blocks {
      for value in values[block].joined() { sum += Double(value) * Double(value) }
    }
    return sum.squareRoot()
  }

  mutating func add(_ scale: Double, _ other: Vector) {
    let scale = Float(scale)
    for block in values.indices {
      for place in values[block].indices {
        for index in values[block][place].indices {
          values[block][place][index] += scale * other.values[block][place][index]
        }
      }
    }
  }
}
