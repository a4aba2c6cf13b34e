package import ZorBACheckpoint
import ZorBADiagnostics
package import ZorBAModels
package import ZorBATensor

/// A checkpoint's tensors under the canonical names that the model gives them.
///
/// Stored names may lack the base model's prefix, and files may hold buffers and second copies of a
/// tied head; only what the model really uses is listed.
package struct BoundTensors: Sendable {
  private let tensors: [String: Tensor]
  private let storedNames: [String: String]
  private let canonicalNames: [String: String]
  private let checkpoint: Checkpoint

  /// - Parameters:
  ///   - model: A model bound to the mapped checkpoint itself, so that addresses match.
  ///   - checkpoint: The checkpoint.
  package init(model: Model, checkpoint: Checkpoint) throws {
    self.checkpoint = checkpoint
    var names: [UnsafeMutableRawPointer: String] = [:]
    for name in checkpoint.floatingPointNames {
      let tensor = try checkpoint.tensor(named: name)
      if tensor.byteCount > 0 { names[tensor.bytes] = name }
    }
    var tensors: [String: Tensor] = [:]
    var storedNames: [String: String] = [:]
    var canonicalNames: [String: String] = [:]
    for parameter in model.parameters.all {
      tensors[parameter.name] = parameter.tensor
      if let stored = names[parameter.tensor.bytes] {
        storedNames[parameter.name] = stored
        canonicalNames[stored] = parameter.name
      }
    }
    // A tied head stored a second time follows the embedding.
    if model.configuration.tiedHead,
      let embedding = tensors.keys.first(where: {
        $0.hasSuffix("embed_tokens.weight") || $0.hasSuffix("wte.weight")
      })
    {
      canonicalNames["lm_head.weight"] = embedding
    }
    for (copy, name) in Self.copies(in: model.configuration) {
      if canonicalNames[copy] == nil, tensors[name] != nil { canonicalNames[copy] = name }
    }
    self.tensors = tensors
    self.storedNames = storedNames
    self.canonicalNames = canonicalNames
  }

  /// Names under which an encoder may store tied tensors a second time.
  private static func copies(in model: ModelConfiguration) -> [(copy: String, of: String)] {
    guard model.tiedHead else { return [] }
    return switch model.family {
    case .bert:
      [
        ("cls.predictions.decoder.weight", "bert.embeddings.word_embeddings.weight"),
        ("cls.predictions.decoder.bias", "cls.predictions.bias"),
      ]
    case .roberta:
      [
        ("lm_head.decoder.weight", "roberta.embeddings.word_embeddings.weight"),
        ("lm_head.decoder.bias", "lm_head.bias"),
      ]
    default: []
    }
  }

  /// The model's name for a stored tensor; the stored name itself when the model has none.
  func canonicalName(ofStored name: String) -> String { canonicalNames[name] ?? name }
}

extension BoundTensors: MappedTensorSource {
  package var tensorNames: [String] {
    tensors.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  package var floatingPointNames: [String] { tensorNames }

  package func tensor(named name: String) throws -> Tensor {
    guard let tensor = tensors[name] else {
      throw ZorBAError(.invalidModel, "the model has no such tensor", at: .init(field: name))
    }
    return tensor
  }

  package func discardPages(ofTensor name: String, bytes: Range<Int>) {
    if let stored = storedNames[name] {
      checkpoint.discardPages(ofTensor: stored, bytes: bytes)
    }
  }
}
