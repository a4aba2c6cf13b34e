/// One trainable or frozen tensor of a model, under its canonical name.
package struct Parameter: Sendable {
  /// The family's canonical Hugging Face name, e.g. `model.layers.3.mlp.up_proj.weight`.
  package let name: String
  package let id: TensorID
  package let tensor: Tensor

  package init(name: String, id: TensorID, tensor: Tensor) {
    self.name = name
    self.id = id
    self.tensor = tensor
  }
}

/// Every parameter of a model, by block.
///
/// `blocks[0]` holds what lies outside the transformer blocks (embeddings, final norm, head);
/// `blocks[i + 1]` is transformer block `i`. Within a block, parameters stand in role order: sorted
/// by the UTF-8 bytes of their canonical names. A tied head has no parameter of its own.
package struct ParameterSet: Sendable {
  package let blocks: [[Parameter]]
  /// Keeps the tensors within a memory budget; nil when there is none.
  package let residency: WeightResidency?

  /// Numbers the tensors of each block by their sorted canonical names.
  package init(
    blocks: [[(name: String, tensor: Tensor)]], residency: WeightResidency? = nil
  ) {
    self.residency = residency
    self.blocks = blocks.enumerated().map { block, tensors in
      tensors
        .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        .enumerated()
        .map { role, entry in
          Parameter(
            name: entry.name, id: TensorID(block: block, role: role), tensor: entry.tensor)
        }
    }
  }

  /// Transformer blocks, without block 0.
  package var transformerBlockCount: Int { blocks.count - 1 }

  package var all: [Parameter] { blocks.flatMap { $0 } }

  /// Elements of one block.
  package func elementCount(block: Int) -> Int {
    blocks[block].reduce(0) { $0 + $1.tensor.elementCount }
  }
}
