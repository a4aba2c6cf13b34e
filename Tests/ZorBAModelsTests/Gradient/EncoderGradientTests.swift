import Testing
import ZorBACheckpoint
import ZorBAModels
import ZorBATensor
import ZorBATestSupport

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The losses of Tools/encoder_gradient_goldens.py.
enum EncoderLoss: String, CaseIterable, Sendable {
  case prototypes, classifier, labels, masked, candidates

  /// How many values a query asks for.
  private var width: Int {
    switch self {
    case .masked: 1
    case .labels: 5
    default: 3
    }
  }

  func request(_ texts: [[Int32]]) -> ScoringRequest {
    var request = ScoringRequest(sequences: texts, queries: [])
    for (index, text) in texts.enumerated() {
      switch self {
      case .masked:
        for place in stride(from: min(1, text.count - 1), to: text.count, by: 3) {
          request.queries.append(
            .init(sequence: index, position: place, targets: [(7 * text[place] + 3) % 96]))
        }
      case .candidates:
        request.queries.append(
          .init(
            sequence: index, position: text.count / 2, targets: [7, 19, 30], normalised: false))
      default:
        request.queries.append(
          .init(
            sequence: index, position: text.count - 1, targets: (0..<width).map { Int32($0) },
            normalised: false))
      }
    }
    return request
  }

  func loss(_ values: [Double]) -> Double {
    let count = Double(values.count / width)
    guard width > 1 else { return -values.reduce(0, +) / count }
    return stride(from: 0, to: values.count, by: width).reduce(0.0) { sum, first in
      let scores = values[first..<first + width]
      return sum + log(scores.reduce(0) { $0 + exp($1) })
        - values[first + first / width % width]
    } / count
  }

  func derivative(_ values: [Double]) -> [Double] {
    let count = Double(values.count / width)
    guard width > 1 else { return values.map { _ in -1 / count } }
    return values.indices.map { index in
      let first = index / width * width
      let total = values[first..<first + width].reduce(0) { $0 + exp($1) }
      let isAnswer = index - first == first / width % width
      return (exp(values[index]) / total - (isAnswer ? 1 : 0)) / count
    }
  }
}

extension EncoderCase {
  var texts: [[Int32]] {
    get throws { try (0..<inputCount).map { try input($0) } }
  }

  /// The losses that the reference has for this checkpoint.
  var losses: [EncoderLoss] {
    switch configuration.head {
    case .maskedLM: [.prototypes, .masked, .candidates]
    case .sequenceClassifier: [.prototypes, .labels]
    default: [.prototypes, .classifier]
    }
  }

  /// The model under the head of a loss, its parameters in writable memory.
  func model(_ loss: EncoderLoss, _ compute: ComputeContext) throws -> Model {
    let width = configuration.hiddenSize
    switch loss {
    case .prototypes:
      let rows = (0..<3).map { label in
        (0..<width).map { Float(GradientSummary.sign($0, stream: 100 + label)) }
      }
      return try model(compute, head: .prototypes).with(prototypes: Prototypes(rows)).copied()
    case .classifier:
      let bare = try model(compute, head: .embedding)
      var source = MemoryTensors()
      for parameter in bare.parameters.all {
        try source.add(
          parameter.name, shape: parameter.tensor.shape, parameter.tensor.floats())
      }
      try source.add(
        "classifier.weight", shape: [3, width],
        (0..<3 * width).map { Float(GradientSummary.sign($0, stream: 200)) })
      try source.add("classifier.bias", shape: [3], [-0.5, 0, 0.5])
      return try Model(
        configuration: configuration.with(head: .classifier(labels: 3)), source: source,
        compute: compute)
    case .labels, .masked, .candidates: return try model(compute).copied()
    }
  }
}

extension Model {
  func gradient(
    of loss: EncoderLoss, _ texts: [[Int32]], options: BackwardOptions = BackwardOptions()
  ) throws -> (gradients: Gradients, loss: Double) {
    let gradients = try Gradients(of: trainable, compute: compute)
    let result = try accumulateGradient(
      of: loss.request(texts), options: options, into: gradients
    ) { loss.derivative($0.values) }
    return (gradients, loss.loss(result.values))
  }
}

/// Gradients of encoders against autograd in binary64 (transformers, eager attention).
@Suite struct EncoderGradientTests {
  private static let settings = Computes.all.filter { $0.compute.team.threadCount == 2 }

  @Test(arguments: EncoderCase.all, settings)
  func gradientsAgree(_ golden: EncoderCase, _ setting: Computes.Setting) throws {
    let file = try SafetensorsFile(
      path: GoldenCase.testFolder + "/Goldens/encoders/\(golden.name)/gradients.safetensors")
    let texts = try golden.texts
    var summaries = 1
    for loss in golden.losses {
      let model = try golden.model(loss, setting.compute)
      let (gradients, value) = try model.gradient(of: loss, texts)
      let place = try #require(EncoderLoss.allCases.firstIndex(of: loss))
      let expected = try file.tensor(named: "losses").floats()[place]
      #expect(abs(value - Double(expected)) <= 1e-4, "\(loss)")
      for (index, parameter) in gradients.parameters.enumerated() {
        let name = "\(loss.rawValue).\(parameter.name)"
        guard file.entry(named: name) != nil else {
          Issue.record("no reference of \(name)")
          continue
        }
        summaries += 1
        let reference = try GradientSummary(file.tensor(named: name))
        let scale = max(reference.norm, 1e-3 * gradients.norm)
        let error = reference.error(of: Array(gradients[index]), scale: scale)
        #expect(error <= 1e-4, "\(name)")
      }
    }
    #expect(summaries == file.entries.count)
  }

  @Test(arguments: EncoderCase.all)
  func checkpointingAndThreadsChangeNoBit(_ golden: EncoderCase) throws {
    let texts = try golden.texts
    for loss in golden.losses {
      let plain = try golden.model(loss, Computes.one()).gradient(of: loss, texts)
      let other = try golden.model(loss, ComputeContext(precision: .float32, threads: 5))
        .gradient(of: loss, texts, options: BackwardOptions(checkpointing: true))
      #expect(plain.loss == other.loss)
      #expect(plain.gradients.elements == other.gradients.elements, "\(loss)")
    }
  }

  /// Adapters of encoders, over a base as stored and one of 4 bits.
  @Test(arguments: EncoderCase.all, AdapterKind.allCases)
  func adaptersFollowFromTheMergedModel(_ golden: EncoderCase, _ kind: AdapterKind) throws {
    let texts = try golden.texts
    for loss in golden.losses {
      let base = try golden.model(loss, Computes.one())
      let description = kind.description(for: base.configuration)
      let modules = base.configuration.adaptedModules(by: description)
      let model = try base.adapted(by: description)
      let whole = try model.merged().gradient(of: loss, texts)
      let rule = try AdapterChainRule(model, description, merged: whole.gradients)
      var expected: [String: [Double]] = [:]
      for module in modules { expected.merge(rule.expected(module)) { first, _ in first } }
      let found = try model.gradient(of: loss, texts)
      #expect(abs(found.loss - whole.loss) <= 1e-4)
      #expect(found.gradients.largestError(against: expected) <= 1e-4, "\(loss)")

      let held = try NF4Base(of: base) { _, _ in }
      let quantised = try base.adapted(by: description, quantised: held)
        .gradient(of: loss, texts)
      let restored = try base.restored(from: held).adapted(by: description)
        .gradient(of: loss, texts)
      #expect(
        quantised.gradients.largestError(against: restored.gradients.byName) <= 1e-4, "\(loss)")
    }
  }

  /// Heads are never adapted, and NF4 leaves them alone.
  @Test func headsAreLeftAlone() throws {
    for (name, loss) in [
      ("bert", EncoderLoss.classifier), ("roberta", .classifier), ("bert-classifier", .labels),
      ("roberta-classifier", .labels),
    ] {
      let model = try EncoderCase.named(name).model(loss, Computes.one())
      let head = name == "roberta-classifier" ? "classifier.out_proj" : "classifier"
      #expect(model.parameters.all.contains { $0.name == head + ".weight" })
      let description = AdapterKind.lowRank.description(for: model.configuration)
      #expect(!model.configuration.adaptedModules(by: description).contains(head))
      #expect(try !NF4Base(of: model) { _, _ in }.holds(head + ".weight"))
    }
  }
}
