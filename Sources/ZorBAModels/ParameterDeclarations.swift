/// Refers to one declared parameter of a model.
struct ParameterHandle: Sendable, Hashable {
  /// Index among the declarations of the whole model, or of its adapter.
  let index: Int
  var isAdapter = false
}

/// An affine map y = x Wᵀ + b.
struct Linear: Sendable {
  /// How the weight is stored.
  enum Layout: Sendable {
    /// [outputs, inputs], as in `torch.nn.Linear`.
    case outputsFirst
    /// [inputs, outputs], as in GPT-2's `Conv1D`.
    case inputsFirst
  }

  let weight: ParameterHandle
  let bias: ParameterHandle?
  let inputs: Int
  let outputs: Int
  let layout: Layout
  /// What an adapter puts beside the layer.
  var adapter: LinearAdapter?
}

/// A layer norm or root-mean-square norm over the last `width` elements.
struct Norm: Sendable {
  /// nil: all ones.
  let weight: ParameterHandle?
  /// nil: none (root-mean-square norms) or all zeros.
  let bias: ParameterHandle?
  let width: Int
}

/// A table with one row per token or position.
struct Embedding: Sendable {
  let table: ParameterHandle
  let width: Int
}

/// What parameters a model has, in which block, under which name and of what shape.
///
/// A family states its parameters once, while it builds its layers; the expected contents of a
/// checkpoint, the sizes of blocks and the places where the forward pass finds its weights all
/// follow from that one statement.
struct ParameterDeclarations: Sendable {
  struct Entry: Sendable {
    /// The canonical Hugging Face name.
    let name: String
    let block: Int
    let shape: [Int]
    /// Whether it is walked or looked up row by row rather than read as a whole.
    let isTable: Bool
    /// Whether it is the matrix of a linear layer other than the head.
    var isMatrix = false
  }

  private(set) var entries: [Entry] = []
  private(set) var blockCount = 1
  private var block = 0
  private var prefix = ""

  /// The adapter whose tensors are declared with the layers that it adapts.
  let adapter: AdapterDescription?
  private(set) var adapterEntries: [AdapterEntry] = []
  /// The layers that are adapted and their paths, in the order of their declaration.
  private(set) var adaptedLayers: [(module: String, layer: Linear)] = []

  init(adapter: AdapterDescription? = nil) { self.adapter = adapter }

  /// Declares what `body` declares in `block`, names prefixed with `prefix`.
  mutating func scope<Result>(
    block: Int, prefix: String, _ body: (inout ParameterDeclarations) -> Result
  ) -> Result {
    let outer = (self.block, self.prefix)
    (self.block, self.prefix) = (block, prefix)
    blockCount = max(blockCount, block + 1)
    defer { (self.block, self.prefix) = outer }
    return body(&self)
  }

  mutating func parameter(
    _ name: String, shape: [Int], isTable: Bool = false
  ) -> ParameterHandle {
    entries.append(Entry(name: prefix + name, block: block, shape: shape, isTable: isTable))
    return ParameterHandle(index: entries.count - 1)
  }

  mutating func linear(
    _ name: String, inputs: Int, outputs: Int, bias: Bool, layout: Linear.Layout = .outputsFirst
  ) -> Linear {
    let weight = parameter(
      name + ".weight",
      shape: layout == .outputsFirst ? [outputs, inputs] : [inputs, outputs])
    entries[weight.index].isMatrix = true
    var layer = Linear(
      weight: weight, bias: bias ? parameter(name + ".bias", shape: [outputs]) : nil,
      inputs: inputs, outputs: outputs, layout: layout)
    layer.adapter = adapter(of: layer, module: prefix + name)
    if layer.adapter != nil { adaptedLayers.append((prefix + name, layer)) }
    return layer
  }

  /// A tensor of the adapter in the block at hand.
  mutating func adapterParameter(
    _ name: String, shape: [Int], start: AdapterEntry.Start
  ) -> ParameterHandle {
    adapterEntries.append(AdapterEntry(name: name, block: block, shape: shape, start: start))
    return ParameterHandle(index: adapterEntries.count - 1, isAdapter: true)
  }

  mutating func embedding(_ name: String, rows: Int, width: Int) -> Embedding {
    Embedding(
      table: parameter(name + ".weight", shape: [rows, width], isTable: true), width: width)
  }

  /// A layer norm; without parameters unless `affine`.
  mutating func layerNorm(_ name: String, width: Int, affine: Bool = true) -> Norm {
    Norm(
      weight: affine ? parameter(name + ".weight", shape: [width]) : nil,
      bias: affine ? parameter(name + ".bias", shape: [width]) : nil, width: width)
  }

  mutating func rmsNorm(_ name: String, width: Int) -> Norm {
    Norm(weight: parameter(name + ".weight", shape: [width]), bias: nil, width: width)
  }

  /// The head that turns hidden states into logits: the embedding itself when tied.
  mutating func head(tiedTo embedding: Embedding, vocabularySize: Int, tied: Bool) -> Linear {
    guard tied else {
      let shape = [vocabularySize, embedding.width]
      return Linear(
        weight: parameter("lm_head.weight", shape: shape, isTable: true), bias: nil,
        inputs: embedding.width, outputs: vocabularySize, layout: .outputsFirst)
    }
    return Linear(
      weight: embedding.table, bias: nil, inputs: embedding.width, outputs: vocabularySize,
      layout: .outputsFirst)
  }
}
