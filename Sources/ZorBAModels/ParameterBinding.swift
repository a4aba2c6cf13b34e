import ZorBADiagnostics
import ZorBATensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The parameters of a model, both by block and in the order of their declaration.
struct BoundParameters: Sendable {
  let set: ParameterSet
  private let declared: [Parameter]
  /// What an adapter adds; nil without one, when the base itself is trained.
  var adaptation: Adaptation?

  subscript(handle: ParameterHandle) -> Parameter {
    handle.isAdapter ? adapterParameter(handle) : declared[handle.index]
  }

  /// Takes the declared tensors from a checkpoint.
  ///
  /// - Throws: `ZorBAError` with code `invalidModel` that names the tensor which is missing,
  ///   unexpected or wrongly shaped, with the shape expected and the shape found.
  init(
    _ declarations: ParameterDeclarations, from source: any TensorSource, basePrefix: String,
    residency: WeightResidency? = nil, mayIgnore: (String) -> Bool = { _ in false }
  ) throws {
    let names = Set(source.tensorNames.map { Array($0.utf8) })
    var consumed: Set<[UInt8]> = []
    var tensors: [Tensor] = []
    var sourceNames: [String] = []
    for entry in declarations.entries {
      let candidates = Self.storedNames(of: entry.name, basePrefix: basePrefix)
      guard let found = candidates.first(where: { names.contains(Array($0.utf8)) }) else {
        throw ZorBAError(
          .invalidModel, "tensor \(entry.name) of shape \(entry.shape) is missing",
          at: .init(field: entry.name), advice: Self.missingAdvice(entry.name))
      }
      consumed.insert(Array(found.utf8))
      sourceNames.append(found)
      tensors.append(try Self.checked(source.tensor(named: found), against: entry, as: found))
    }
    for name in source.tensorNames where !consumed.contains(Array(name.utf8)) {
      if Self.isBuffer(name) || mayIgnore(name) { continue }
      if name == "lm_head.weight" {
        if let place = Self.embedding(declarations) {
          try Self.requireTied(
            source.tensor(named: name), to: tensors[place], called: sourceNames[place], in: source)
        }
        continue
      }
      throw ZorBAError(
        .invalidModel, "tensor \(name.excerpt()) is not part of the model",
        at: .init(field: name.excerpt()),
        advice: "Use a checkpoint of the language model that config.json describes.")
    }
    self.init(declarations, tensors: tensors, residency: residency)
  }

  /// Takes the declared tensors from a set that was made for the same configuration.
  ///
  /// - Throws: `ZorBAError` with code `invalidModel` when a tensor is missing or wrongly shaped.
  init(_ declarations: ParameterDeclarations, from set: ParameterSet) throws {
    var byName: [String: Tensor] = [:]
    for parameter in set.all { byName[parameter.name] = parameter.tensor }
    let tensors = try declarations.entries.map { entry in
      guard let tensor = byName[entry.name] else {
        throw ZorBAError(
          .invalidModel, "tensor \(entry.name) of shape \(entry.shape) is missing",
          at: .init(field: entry.name))
      }
      return try Self.checked(tensor, against: entry, as: entry.name)
    }
    self.init(declarations, tensors: tensors, residency: set.residency)
  }

  private init(
    _ declarations: ParameterDeclarations, tensors: [Tensor], residency: WeightResidency?
  ) {
    var blocks = [[(name: String, tensor: Tensor)]](repeating: [], count: declarations.blockCount)
    for (entry, tensor) in zip(declarations.entries, tensors) {
      blocks[entry.block].append((entry.name, tensor))
    }
    let set = ParameterSet(blocks: blocks, residency: residency)
    var byName: [String: Parameter] = [:]
    for parameter in set.all { byName[parameter.name] = parameter }
    self.set = set
    // Every declared name is in the set by construction.
    self.declared = declarations.entries.compactMap { byName[$0.name] }
  }

  private static func checked(
    _ tensor: Tensor, against entry: ParameterDeclarations.Entry, as name: String
  ) throws -> Tensor {
    guard tensor.shape == entry.shape else {
      throw ZorBAError(
        .invalidModel, "tensor \(name) has shape \(tensor.shape), expected \(entry.shape)",
        at: .init(field: name),
        advice: "config.json and the checkpoint describe different models.")
    }
    return tensor
  }

  /// Names under which a tensor may be stored: old exports call a norm's parameters gamma and beta.
  private static func storedNames(of name: String, basePrefix: String) -> [String] {
    let names = [name, name.droppingPrefix(basePrefix)]
    for (suffix, old) in [("LayerNorm.weight", "gamma"), ("LayerNorm.bias", "beta")]
    where name.hasSuffix(suffix) {
      let places = suffix.utf8.count - "LayerNorm.".utf8.count
      return names + names.map { $0.dropLast(places) + old }
    }
    return names
  }

  private static func missingAdvice(_ name: String) -> String {
    name == "lm_head.weight"
      ? "Set tie_word_embeddings to true if the head is the token embedding."
      : "The checkpoint is incomplete or config.json describes another model."
  }

  /// Constants that old exports store beside the weights: causal masks and rotary frequencies.
  private static func isBuffer(_ name: String) -> Bool {
    name.hasSuffix("rotary_emb.inv_freq") || name.hasSuffix(".attn.masked_bias")
      || name.hasSuffix(".attn.bias") || name.hasSuffix("decoder.version")
  }

  /// The token embedding's place among the declarations.
  private static func embedding(_ declarations: ParameterDeclarations) -> Int? {
    let names = ["embed_tokens.weight", "wte.weight"]
    return declarations.entries.firstIndex { entry in
      entry.block == 0 && names.contains { entry.name.hasSuffix($0) }
    }
  }

  /// A tied model may carry its head as a second copy, which must then be the embedding.
  private static func requireTied(
    _ head: Tensor, to embedding: Tensor, called name: String, in source: any TensorSource
  ) throws {
    var isEqual = head.shape == embedding.shape && head.dtype == embedding.dtype
    var start = 0
    while isEqual, start < head.byteCount {
      let end = min(start + comparedBytes, head.byteCount)
      isEqual = memcmp(head.bytes + start, embedding.bytes + start, end - start) == 0
      source.discardPages(ofTensor: "lm_head.weight", bytes: start..<end)
      source.discardPages(ofTensor: name, bytes: start..<end)
      start = end
    }
    guard isEqual else {
      throw ZorBAError(
        .invalidModel, "lm_head.weight differs from the token embedding it should be tied to",
        at: .init(field: "lm_head.weight"),
        advice: "Set tie_word_embeddings to false in config.json, or remove lm_head.weight.")
    }
  }

  /// Both tensors can be larger than what memory may be taken: they are compared piece by piece.
  private static let comparedBytes = 1 << 22
}

extension String {
  /// The string without `prefix`, or unchanged when it does not start with it.
  fileprivate func droppingPrefix(_ prefix: String) -> String {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : self
  }
}
